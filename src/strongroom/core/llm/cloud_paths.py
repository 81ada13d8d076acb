"""The paths of Azure, Bedrock and Vertex, which name deployments, projects and places (contract 3.2).

Whatever is put into a path is one segment of it, whatever characters it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final
from urllib.parse import quote

from strongroom.core.failures import Invalid
from strongroom.core.llm.families import Operation

ANTHROPIC_ONLY = "anthropic_messages"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a path is made for."""

    operation: Operation
    model: str
    settings: Mapping[str, Any]
    stream: bool = False


def segment(value: object, what: str) -> str:
    """Return a value as one segment of a path. Raises `Invalid` for what no encoding makes one."""
    if not isinstance(value, str) or value in {"", ".", ".."}:
        raise Invalid("must be a name that can be one segment of a path", field=what)
    return quote(value, safe="")


_OPENAI_TAILS = {
    Operation.CHAT: "chat/completions",
    Operation.EMBEDDINGS: "embeddings",
    Operation.RESPONSES: "responses",
}


def azure_openai(asked: Asked) -> str | None:
    """By API version: none and `v1` have a path of their own, `preview` is a query to it, a date has deployments."""
    tail = _OPENAI_TAILS.get(asked.operation)
    if tail is None:
        return None
    version = asked.settings.get("api_version")
    if version in {None, "", "v1"}:
        return f"/openai/v1/{tail}"
    if version == "preview":
        return f"/openai/v1/{tail}?api-version=preview"
    if asked.operation is Operation.RESPONSES:
        return f"/openai/responses?api-version={segment(version, 'api_version')}"
    deployment = segment(asked.settings.get("deployment") or asked.model, "model")
    return f"/openai/deployments/{deployment}/{tail}?api-version={segment(version, 'api_version')}"


def azure_foundry(asked: Asked) -> str | None:
    """OpenAI's format below a project, Anthropic's beside it."""
    if asked.operation is Operation.MESSAGES:
        return "/anthropic/v1/messages"
    tail = _OPENAI_TAILS.get(asked.operation)
    if tail is None:
        return None
    project = asked.settings.get("project_name")
    below = "" if project is None else f"/api/projects/{segment(project, 'project_name')}"
    return f"{below}/openai/v1/{tail}"


def bedrock(asked: Asked) -> str | None:
    """Its surfaces in OpenAI's and in Anthropic's format."""
    if asked.operation is Operation.MESSAGES:
        return "/anthropic/v1/messages"
    if asked.settings.get("model_api_family") == ANTHROPIC_ONLY or asked.operation is Operation.EMBEDDINGS:
        return None
    tail = _OPENAI_TAILS.get(asked.operation)
    return None if tail is None else f"/openai/v1/{tail}"


def vertex(asked: Asked) -> str | None:
    """Everything lies below a project and a location; models of Anthropic's are asked by name."""
    project = segment(asked.settings.get("project_id"), "project_id")
    below = f"/v1/projects/{project}/locations/{segment(asked.settings.get('location'), 'location')}"
    match asked.operation:
        case Operation.CHAT if asked.settings.get("model_api_family") != ANTHROPIC_ONLY:
            return f"{below}/endpoints/openapi/chat/completions"
        case Operation.MESSAGES:
            verb = "streamRawPredict" if asked.stream else "rawPredict"
            return f"{below}/publishers/anthropic/models/{segment(asked.model, 'model')}:{verb}"
        case Operation.COUNT_TOKENS:
            return f"{below}/publishers/anthropic/models/count-tokens:rawPredict"
        case _:
            return None


CLOUD_PATHS: Mapping[str, Callable[[Asked], str | None]] = {
    "azure_openai": azure_openai,
    "azure_foundry": azure_foundry,
    "bedrock": bedrock,
    "vertex": vertex,
}
"""By vendor; None where it does not answer that."""

STRIPPED = ("/openai/v1", "/openai", "/anthropic", "/v1")
"""Ends of a base URL's path that people add and that these paths begin with."""
