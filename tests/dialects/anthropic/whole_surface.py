"""Uses the whole surface through whichever `anthropic` client runs this, and prints what it saw as one JSON object.

Run as a program: the versions of the client cannot share a process. The base URL and the key come by environment.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

import anthropic

SEEN: dict[str, object] = {}
SENT: list[tuple[str, str, dict[str, str]]] = []


def note(request: object) -> None:
    SENT.append((request.method, str(request.url), dict(request.headers)))  # type: ignore[attr-defined]


CLIENT = anthropic.Anthropic(
    api_key=os.environ["KEY"],
    base_url=os.environ["BASE_URL"],
    http_client=anthropic.DefaultHttpxClient(trust_env=False, event_hooks={"request": [note]}),
    _strict_response_validation=True,
)


def refused(call: Callable[[], object]) -> tuple[str, int, bool, int]:
    """The class and status of the error, whether it names its request, and how many attempts were made."""
    before = len(SENT)
    try:
        call()
    except anthropic.APIStatusError as error:
        names_request = (error.request_id or "").startswith("req_")
        return type(error).__name__, error.status_code, names_request, len(SENT) - before
    raise AssertionError("not refused")


def vaults() -> str:
    api = CLIENT.beta.vaults
    vault = api.create(display_name="Ünï", metadata={"a": "1", "b": "2"})
    SEEN["vault"] = [vault.type, vault.display_name, vault.metadata, isinstance(vault.created_at, datetime)]
    SEEN["vault request id"] = (vault._request_id or "")[:4]
    SEEN["vault again"] = api.retrieve(vault.id) == vault
    SEEN["vault updated"] = api.update(vault.id, display_name="v", metadata={"a": None, "c": ""}).metadata
    SEEN["vault not updated"] = api.update(vault.id).display_name
    others = [api.create(display_name=str(n)).id for n in range(3)]
    SEEN["vaults listed"] = [each.id for each in api.list(limit=2)] == [*others[::-1], vault.id]
    SEEN["vault archived"] = api.archive(others[0]).archived_at is not None
    SEEN["vaults left"] = len(list(api.list()))
    SEEN["vaults with archived"] = len(list(api.list(include_archived=True)))
    SEEN["vault deleted"] = api.delete(others[1]).type
    SEEN["vault unknown"] = refused(lambda: api.retrieve(others[1]))
    SEEN["vault with a slash"] = refused(lambda: api.retrieve("a/b?c"))
    SEEN["vault invalid"] = refused(lambda: api.create(display_name=""))
    return vault.id


def credentials(vault: str) -> None:
    api = CLIENT.beta.vaults.credentials
    expires = datetime(2099, 1, 1, tzinfo=UTC)
    oauth = api.create(
        vault,
        auth={
            "type": "mcp_oauth",
            "mcp_server_url": "https://one.example.com/mcp",
            "access_token": "t",
            "expires_at": expires,
            "refresh": {
                "client_id": "c",
                "refresh_token": "r",
                "token_endpoint": "https://auth.example.com/token",
                "token_endpoint_auth": {"type": "client_secret_basic", "client_secret": "s"},
                "scope": "read",
            },
        },
        display_name="n",
        metadata={"k": "v"},
    )
    SEEN["oauth"] = [oauth.type, oauth.auth.type, oauth.vault_id == vault, oauth.display_name, oauth.metadata]
    assert oauth.auth.type == "mcp_oauth"
    SEEN["oauth expiry"] = oauth.auth.expires_at == expires
    changed = api.update(oauth.id, vault_id=vault, auth={"type": "mcp_oauth", "refresh": {"scope": ""}})
    assert changed.auth.type == "mcp_oauth"
    assert changed.auth.refresh is not None
    SEEN["oauth refresh"] = [changed.auth.refresh.token_endpoint_auth.type, changed.auth.refresh.scope]
    bearer = api.create(
        vault, auth={"type": "static_bearer", "mcp_server_url": "https://two.example.com", "token": "t"}
    )
    SEEN["bearer"] = bearer.auth.to_dict()
    variable = api.create(
        vault,
        auth={
            "type": "environment_variable",
            "secret_name": "TOKEN",
            "secret_value": "s",
            "networking": {"type": "limited", "allowed_hosts": ["API.example.com"]},
        },
    )
    SEEN["variable"] = variable.auth.to_dict()
    SEEN["credential again"] = api.retrieve(variable.id, vault_id=vault) == variable
    listed = [oauth.id, bearer.id, variable.id]
    SEEN["credentials listed"] = [each.id for each in api.list(vault, limit=1)] == listed[::-1]
    again: Callable[[], object] = lambda: api.create(  # noqa: E731 - read where it is used
        vault, auth={"type": "static_bearer", "mcp_server_url": "https://two.example.com:443/", "token": "t"}
    )
    SEEN["credential conflict"] = refused(again)
    SEEN["credential archived"] = api.archive(bearer.id, vault_id=vault).archived_at is not None
    SEEN["credentials with archived"] = len(list(api.list(vault, include_archived=True)))
    SEEN["credential deleted"] = api.delete(variable.id, vault_id=vault).type
    SEEN["credential unknown"] = refused(lambda: api.retrieve(variable.id, vault_id=vault))


def environments() -> str:
    api = CLIENT.beta.environments
    environment = api.create(
        name="n",
        description="d",
        config={"type": "cloud", "networking": {"type": "limited", "allowed_hosts": ["a.example.com"]}},
    )
    SEEN["environment"] = [environment.type, environment.name, environment.description, environment.config.to_dict()]
    SEEN["environment again"] = api.retrieve(environment.id) == environment
    changed = api.update(
        environment.id, config={"type": "cloud", "networking": {"type": "limited", "allow_mcp_servers": True}}
    )
    SEEN["environment updated"] = changed.config.to_dict()
    SEEN["environments listed"] = [each.id for each in api.list(limit=1)] == [environment.id]
    wrong = refused(lambda: api.update(environment.id, config={"type": "self_hosted"}))
    SEEN["environment type"] = wrong[1:]  # only the newest client has a class of its own for it
    spare = api.create(name="spare", description="")
    SEEN["environment archived"] = api.archive(spare.id).archived_at is not None
    SEEN["environment deleted"] = api.delete(spare.id).type
    return environment.id


def sessions(vault: str, environment: str) -> None:
    api = CLIENT.beta.sessions
    session = api.create(agent="a", environment_id=environment, vault_ids=[vault], title="t", metadata={"k": "v"})
    SEEN["session"] = [session.type, session.status, session.vault_ids == [vault], session.title, session.metadata]
    SEEN["session egress"] = sorted(session.to_dict()["egress"])  # type: ignore[call-overload]
    SEEN["session again"] = api.retrieve(session.id).id == session.id
    SEEN["session updated"] = api.update(session.id, title="u", metadata={"k": None}).metadata
    second = api.create(agent={"type": "agent", "id": "b", "version": 3}, environment_id=environment, vault_ids=[vault])
    SEEN["sessions listed"] = [each.id for each in api.list(limit=1)] == [second.id, session.id]
    SEEN["sessions oldest first"] = [each.id for each in api.list(order="asc")] == [session.id, second.id]
    filtered = api.list(statuses=["idle", "running"], created_at_gt=session.created_at)
    SEEN["sessions filtered"] = [each.id for each in filtered] == [second.id]
    SEEN["session archived"] = api.archive(session.id).status
    SEEN["environment in use"] = refused(lambda: CLIENT.beta.environments.delete(environment))
    SEEN["session deleted"] = api.delete(second.id).type


def main() -> None:
    vault = vaults()
    credentials(vault)
    sessions(vault, environments())
    _, url, headers = SENT[0]
    SEEN["client"] = {
        "version": anthropic.__version__,
        "key in": "x-api-key" if "x-api-key" in headers else headers.get("authorization", "").partition(" ")[0],
        "anthropic-version": headers["anthropic-version"],
        "beta in query": "beta=true" in url,
    }
    print(json.dumps(SEEN))


if __name__ == "__main__":
    main()
