"""Vendors: where each is unless told otherwise, and under which paths it answers what (contract 3.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, final


@final
class Operation(StrEnum):
    """What a client of the gateway can ask of a model."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"

    @property
    def is_anthropic(self) -> bool:
        """Whether it is one of Anthropic's format; the others are OpenAI's."""
        return self in {Operation.MESSAGES, Operation.COUNT_TOKENS}


def _none(_settings: Mapping[str, Any]) -> str | None:
    return None


def _at(url: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda _settings: url


def _bedrock(settings: Mapping[str, Any]) -> str | None:
    region = settings.get("region")
    return f"https://bedrock-runtime.{region}.amazonaws.com" if isinstance(region, str) else None


def _vertex(settings: Mapping[str, Any]) -> str | None:
    match settings.get("location"):
        case "global":
            return "https://aiplatform.googleapis.com"
        case ("us" | "eu") as multi_region:
            return f"https://aiplatform.{multi_region}.rep.googleapis.com"
        case str(location):
            return f"https://{location}-aiplatform.googleapis.com"
        case _:
            return None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A vendor whose paths lie below a root of its version. Those of clouds are in `cloud_paths.py`.

    `version` is added to a base URL without path, `below` to one whose path says nothing of a version. `paths` are
    below that; a path in `at_host` is below the host alone.
    """

    base_url: Callable[[Mapping[str, Any]], str | None] = _none
    version: str = "/v1"
    below: str = "/v1"
    paths: Mapping[Operation, str] = field(default_factory=dict)
    at_host: Mapping[Operation, str] = field(default_factory=dict)


_CHAT = {Operation.CHAT: "/chat/completions"}
_EMBEDDINGS = {Operation.EMBEDDINGS: "/embeddings"}
_RESPONSES = {Operation.RESPONSES: "/responses"}
_MESSAGES = {Operation.MESSAGES: "/messages"}
_COUNTED = {**_MESSAGES, Operation.COUNT_TOKENS: "/messages/count_tokens"}
_ALL_OF_OPENAI = {**_CHAT, **_EMBEDDINGS, **_RESPONSES}

FAMILIES: Mapping[str, Family] = {
    "openai": Family(base_url=_at("https://api.openai.com/v1"), paths=_ALL_OF_OPENAI),
    "anthropic": Family(base_url=_at("https://api.anthropic.com"), paths=_COUNTED),
    "azure_openai": Family(),
    "azure_foundry": Family(),
    "google_ai": Family(
        base_url=_at("https://generativelanguage.googleapis.com"),
        version="/v1beta/openai",
        paths={**_CHAT, **_EMBEDDINGS},
    ),
    "bedrock": Family(base_url=_bedrock),
    "vertex": Family(base_url=_vertex),
    "groq": Family(base_url=_at("https://api.groq.com/openai/v1"), version="/openai/v1", paths={**_CHAT, **_RESPONSES}),
    "together": Family(base_url=_at("https://api.together.xyz/v1"), paths={**_CHAT, **_EMBEDDINGS}),
    "mistral": Family(base_url=_at("https://api.mistral.ai/v1"), paths={**_CHAT, **_EMBEDDINGS}),
    "cohere": Family(
        base_url=_at("https://api.cohere.ai/compatibility/v1"),
        version="/compatibility/v1",
        paths={**_CHAT, **_EMBEDDINGS},
    ),
    "xai": Family(base_url=_at("https://api.x.ai/v1"), paths={**_CHAT, **_RESPONSES}),
    "fireworks": Family(
        base_url=_at("https://api.fireworks.ai/inference/v1"),
        version="/inference/v1",
        paths={**_ALL_OF_OPENAI, **_MESSAGES},
    ),
    "perplexity": Family(base_url=_at("https://api.perplexity.ai"), version="", below="", paths=_CHAT),
    "openrouter": Family(
        base_url=_at("https://openrouter.ai/api/v1"), version="/api/v1", paths={**_ALL_OF_OPENAI, **_MESSAGES}
    ),
    "deepseek": Family(
        base_url=_at("https://api.deepseek.com"),
        paths=_CHAT,
        at_host={Operation.MESSAGES: "/anthropic/v1/messages"},
    ),
    "custom": Family(paths={**_ALL_OF_OPENAI, **_COUNTED}),
}
"""By `model_provider`."""
