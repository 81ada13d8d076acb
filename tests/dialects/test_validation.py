"""What a refused body is told: paths that JSON has, and rules in words."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from strongroom.dialects.anthropic.wire_credentials import CredentialUpdate, NewCredential
from strongroom.dialects.anthropic.wire_environments import EnvironmentUpdate, NewEnvironment
from strongroom.dialects.anthropic.wire_sessions import NewSession, SessionUpdate
from strongroom.dialects.native.credentials import NewCredentialBody
from strongroom.dialects.native.keys import NewKeyBody
from strongroom.dialects.native.session_shapes import NewSessionBody
from strongroom.dialects.validation import malformed

AGENT = {
    "type": "agent_with_overrides",
    "id": "a",
    "model": {"id": "m", "effort": {"type": "high"}},
    "mcp_servers": [{"name": "n", "type": "url", "url": "https://a.test/mcp"}],
    "tools": [{"type": "t"}],
    "system": "s",
}
NETWORK = {"type": "limited", "allowed_hosts": ["a.test"]}
OAUTH = {
    "type": "mcp_oauth",
    "mcp_server_url": "https://a.test/mcp",
    "access_token": "t",
    "expires_at": "2030-01-01T00:00:00Z",
    "refresh": {
        "client_id": "c",
        "refresh_token": "r",
        "token_endpoint": "https://a.test/token",
        "token_endpoint_auth": {"type": "client_secret_basic", "client_secret": "s"},
    },
}
VARIABLE = {
    "type": "environment_variable",
    "secret_name": "X",
    "secret_value": "v",
    "networking": NETWORK,
    "injection_location": {"header": True, "body": False},
}
CONFIG = {
    "type": "cloud",
    "networking": {**NETWORK, "allow_mcp_servers": True},
    "packages": {"type": "packages", "pip": ["x"]},
}
BODIES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (NewSession, {"agent": AGENT, "environment_id": "e", "vault_ids": ["v"], "metadata": {"k": "v"}}),
    (NewSession, {"agent": {"type": "agent", "id": "a", "version": 2}, "environment_id": "e"}),
    (NewSession, {"agent": "a", "environment_id": "e", "resources": []}),
    (SessionUpdate, {"agent": {"tools": [], "mcp_servers": AGENT["mcp_servers"]}, "metadata": {"k": None}}),
    (NewCredential, {"auth": OAUTH, "display_name": "d"}),
    (NewCredential, {"auth": VARIABLE, "metadata": {"k": "v"}}),
    (NewCredential, {"auth": {"type": "static_bearer", "mcp_server_url": "https://a.test", "token": "t"}}),
    (CredentialUpdate, {"auth": {"type": "mcp_oauth", "refresh": {"token_endpoint_auth": {"type": "none"}}}}),
    (CredentialUpdate, {"auth": {"type": "environment_variable", "networking": NETWORK}}),
    (NewEnvironment, {"name": "n", "config": CONFIG, "scope": "organization"}),
    (EnvironmentUpdate, {"config": {"type": "self_hosted"}, "description": "d"}),
    (NewSessionBody, {"vaults": ["v"], "environment": "e", "expires_in": 5, "metadata": {"k": "v"}}),
    (
        NewCredentialBody,
        {"name": "X", "value": "v", "hosts": ["a.test"], "surfaces": ["body"], "placeholder": "opaque"},
    ),
    (NewKeyBody, {"name": "n", "scopes": ["vaults:read"], "workspace_id": "w"}),
]
ODD: list[Any] = [None, 5, True, "", "x\0", [], [5], [{}], {}, {"type": "agent"}, {"type": "nothing"}, {"odd": {}}]
GONE = object()


def problems(model: type[BaseModel], body: object) -> dict[str, str]:
    try:
        model.model_validate(body)
    except ValidationError as refused:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in refused.errors()]
        return dict(malformed(RequestValidationError(errors, body=body)).problems)
    return {}


def changed(thing: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON
    """The thing with an odd value in every place, or without the place."""
    yield from ODD
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield {name: kept for name, kept in thing.items() if name != key}
            yield {**thing, "odd": 5}
            yield from ({**thing, key: other} for other in changed(value))
    if isinstance(thing, list):
        for place, value in enumerate(thing):
            yield from ([*thing[:place], other, *thing[place + 1 :]] for other in changed(value))


def stands_in(path: str, body: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether the path leads to something in the body, or to a field that is missing from an object there."""
    here = body
    *outer, last = path.split(".")
    for name in [] if path == "body" else outer:
        here = here[int(name)] if isinstance(here, list) else here.get(name) if isinstance(here, dict) else None
    if path == "body":
        return True
    return last.isdecimal() and int(last) < len(here) if isinstance(here, list) else isinstance(here, dict)


@pytest.mark.parametrize(("model", "body"), BODIES)
def test_every_path_is_one_of_the_body_and_every_rule_has_words(model: type[BaseModel], body: dict[str, Any]) -> None:
    fields = {name for model, _ in BODIES for name in _names(model.model_json_schema())} | {"odd", "k", "body"}
    seen = 0
    for other in changed(body):
        for path, rule in problems(model, other).items():
            seen += 1
            assert stands_in(path, other), (path, other)
            assert all(part.isdecimal() or part in fields for part in path.split(".")), (path, other)
            assert rule != "is not valid", (path, other)
    assert seen > 20


def _names(schema: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from _names(value)
    if isinstance(schema, list):
        for value in schema:
            yield from _names(value)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ({**AGENT, "model": 5}, {"agent.model": "must be a string or an object"}),
        ({**AGENT, "model": []}, {"agent.model": "must be a string or an object"}),
        ({**AGENT, "model": {}}, {"agent.model.id": "is required"}),
        ({**AGENT, "model": ""}, {"agent.model": "must not be empty"}),
        ({**AGENT, "model": {"id": "m", "effort": 5}}, {"agent.model.effort": "must be a string or an object"}),
        ({"type": "agent"}, {"agent.id": "is required"}),
        ({"type": "agent", "id": "a", "agent": 1}, {"agent.agent": "is not a field that can be set here"}),
        ({"type": "nothing"}, {"agent": "must have a known type"}),
        (5, {"agent": "must have a known type"}),
    ],
)
def test_members_of_a_union_are_not_named(agent: object, said: dict[str, str]) -> None:
    assert problems(NewSession, {"agent": agent, "environment_id": "e"}) == said


def test_lengths_are_of_characters_or_of_entries() -> None:
    assert problems(NewKeyBody, {"name": "x" * 256}) == {"name": "must have at most 255 characters"}
    assert problems(NewKeyBody, {"name": ""}) == {"name": "must not be empty"}
    body = {"name": "X", "value": "v", "hosts": ["a.test"] * 17, "surfaces": []}
    assert problems(NewCredentialBody, body) == {
        "hosts": "must have at most 16 entries",
        "surfaces": "must not be empty",
    }
