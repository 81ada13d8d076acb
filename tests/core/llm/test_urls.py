# ruff: noqa: ANN401 - fields and settings of whatever type

from typing import Any

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.cloud_paths import Asked
from strongroom.core.llm.families import FAMILIES, Operation
from strongroom.core.llm.schemes import WAYS
from strongroom.core.llm.urls import offers, url_of
from tests.core.llm.things import upstream

CHAT, MESSAGES, COUNT = Operation.CHAT, Operation.MESSAGES, Operation.COUNT_TOKENS


def url(vendor: str, base: str, operation: Operation = CHAT, model: str = "m", **settings: Any) -> str | None:
    stream = bool(settings.pop("stream", False))
    way = next(iter(WAYS[vendor]))
    asked = Asked(operation=operation, model=model, settings=settings, stream=stream)
    return url_of(upstream(vendor, way, base, **settings), asked)


@pytest.mark.parametrize("base", ["http://u:1", "http://u:1/", "http://u:1/v1", "http://u:1/v1/"])
def test_a_version_is_neither_doubled_nor_lost(base: str) -> None:
    assert url("openai", base) == "http://u:1/v1/chat/completions"
    assert url("anthropic", base, MESSAGES) == "http://u:1/v1/messages"


@pytest.mark.parametrize(
    ("vendor", "base", "operation", "expected"),
    [
        ("groq", "https://api.groq.com", CHAT, "https://api.groq.com/openai/v1/chat/completions"),
        ("groq", "https://api.groq.com/openai", CHAT, "https://api.groq.com/openai/v1/chat/completions"),
        ("groq", "https://api.groq.com/openai/v1", CHAT, "https://api.groq.com/openai/v1/chat/completions"),
        ("perplexity", "https://api.perplexity.ai", CHAT, "https://api.perplexity.ai/chat/completions"),
        ("perplexity", "https://h/proxy", CHAT, "https://h/proxy/chat/completions"),
        ("google_ai", "https://g", CHAT, "https://g/v1beta/openai/chat/completions"),
        ("google_ai", "https://g/v1beta", CHAT, "https://g/v1beta/openai/chat/completions"),
        ("google_ai", "https://g/v1beta/openai/", CHAT, "https://g/v1beta/openai/chat/completions"),
        ("cohere", "https://api.cohere.ai", CHAT, "https://api.cohere.ai/compatibility/v1/chat/completions"),
        ("deepseek", "https://api.deepseek.com", CHAT, "https://api.deepseek.com/v1/chat/completions"),
        ("deepseek", "https://api.deepseek.com/v1", MESSAGES, "https://api.deepseek.com/anthropic/v1/messages"),
        ("openrouter", "https://openrouter.ai/api/v1", MESSAGES, "https://openrouter.ai/api/v1/messages"),
        ("fireworks", "https://f/inference/v1", MESSAGES, "https://f/inference/v1/messages"),
        ("openai", "https://h/some/prefix", CHAT, "https://h/some/prefix/v1/chat/completions"),
        ("anthropic", "https://a", COUNT, "https://a/v1/messages/count_tokens"),
        ("custom", "https://own", CHAT, "https://own/v1/chat/completions"),
    ],
)
def test_each_vendor_is_asked_under_its_own_paths(vendor: str, base: str, operation: Operation, expected: str) -> None:
    assert url(vendor, base, operation) == expected


AZURE = "https://r.openai.azure.com"


@pytest.mark.parametrize("base", [AZURE, f"{AZURE}/", f"{AZURE}/openai", f"{AZURE}/openai/v1", f"{AZURE}/v1"])
@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, "/openai/v1/chat/completions"),
        ({"api_version": "v1"}, "/openai/v1/chat/completions"),
        ({"api_version": "preview"}, "/openai/v1/chat/completions?api-version=preview"),
        (
            {"api_version": "2024-10-21", "deployment": "d"},
            "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        ),
        ({"api_version": "2024-10-21"}, "/openai/deployments/m/chat/completions?api-version=2024-10-21"),
    ],
)
def test_azure_has_a_path_for_each_kind_of_version(base: str, settings: dict[str, str], path: str) -> None:
    found: dict[str, Any] = settings
    assert url("azure_openai", base, **found) == AZURE + path


VERTEX = "https://us-east5-aiplatform.googleapis.com"
PLACE: dict[str, Any] = {"project_id": "p", "location": "us-east5"}
BELOW = f"{VERTEX}/v1/projects/p/locations/us-east5"


def test_clouds_are_asked_where_their_models_are() -> None:
    foundry, bedrock = "https://r.services.ai.azure.com", "https://bedrock-runtime.us-east-1.amazonaws.com"
    assert url("azure_foundry", foundry, project_name="x") == f"{foundry}/api/projects/x/openai/v1/chat/completions"
    assert url("azure_foundry", f"{foundry}/anthropic", MESSAGES) == f"{foundry}/anthropic/v1/messages"
    assert url("bedrock", bedrock) == f"{bedrock}/openai/v1/chat/completions"
    assert url("bedrock", bedrock, MESSAGES) == f"{bedrock}/anthropic/v1/messages"
    assert url("bedrock", bedrock, model_api_family="anthropic_messages") is None
    assert url("vertex", VERTEX, **PLACE) == f"{BELOW}/endpoints/openapi/chat/completions"
    models = f"{BELOW}/publishers/anthropic/models"
    assert url("vertex", VERTEX, MESSAGES, "claude", **PLACE) == f"{models}/claude:rawPredict"
    assert url("vertex", VERTEX, MESSAGES, "claude", **PLACE, stream=True) == f"{models}/claude:streamRawPredict"
    assert url("vertex", VERTEX, COUNT, **PLACE) == f"{models}/count-tokens:rawPredict"


@pytest.mark.parametrize("model", ["a/b", "a/../../x", "a;b", "a%2fb", "a?b", "a#b"])
def test_a_model_is_one_segment_of_a_path_whatever_is_in_it(model: str) -> None:
    found = url("vertex", VERTEX, MESSAGES, model, **PLACE)
    assert found is not None
    segment = found.removeprefix(f"{BELOW}/publishers/anthropic/models/").removesuffix(":rawPredict")
    assert not set(segment) & set("/;?#")
    assert "%252f" in segment if "%" in model else segment != model


@pytest.mark.parametrize("model", ["", ".", ".."])
def test_a_model_that_can_be_no_segment_is_refused(model: str) -> None:
    with pytest.raises(Invalid):
        url("vertex", VERTEX, MESSAGES, model, **PLACE)


def test_what_a_vendor_does_not_speak_has_no_url() -> None:
    assert not offers(upstream("openai"), MESSAGES)
    assert not offers(upstream("anthropic", base_url="https://api.anthropic.com"), CHAT)
    own = upstream("custom", base_url="https://own", model_api_family="anthropic_messages")
    assert (offers(own, MESSAGES), offers(own, CHAT)) == (True, False)
    assert (offers(upstream("custom", base_url="https://own"), MESSAGES)) is False


@pytest.mark.parametrize(
    ("vendor", "settings", "expected"),
    [
        ("openai", {}, "https://api.openai.com/v1"),
        ("bedrock", {"region": "eu-west-1"}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ("vertex", {"location": "global"}, "https://aiplatform.googleapis.com"),
        ("vertex", {"location": "eu"}, "https://aiplatform.eu.rep.googleapis.com"),
        ("vertex", {"location": "us-east5"}, VERTEX),
        ("azure_openai", {}, None),
        ("custom", {}, None),
    ],
)
def test_vendors_are_where_they_are_unless_told_otherwise(
    vendor: str, settings: dict[str, str], expected: str | None
) -> None:
    assert FAMILIES[vendor].base_url(settings) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ftp://h",
        "h/v1",
        "https://u:p@h",
        "https://h/?q",
        "https://h/#f",
        "https://h/a/../b",
        "https://h/%2e%2E/b",
        "https://h//b",
        "https://h/a\\b",
        "https://h/" + "a" * 2048,
        "https://",
        "https://h:0",
    ],
)
def test_a_base_url_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        BaseUrl.parse(text)
    assert refused.value.field == "base_url"


def test_scheme_host_and_port_are_those_of_the_base_url() -> None:
    base = BaseUrl.parse("http://127.0.0.1:8080/v1/")
    assert (base.origin, base.path, base.host) == ("http://127.0.0.1:8080", "/v1", "127.0.0.1")
