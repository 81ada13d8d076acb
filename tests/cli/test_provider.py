"""Provider tokens and items, typed against a running server."""

from typing import Any

import requests

from tests.cli.shell import Shell
from tests.e2e.stage import House

CREDENTIALS = "/skyvern-provider/v1/credentials"
SECRET = {"name": "n", "type": "secret", "secret_value": "a-value-that-is-never-shown"}


def ask(
    house: House, token: str, method: str, where: str = "", body: dict[str, str] | None = None
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        bearer = {"Authorization": f"Bearer {token}"}
        return session.request(method, house.api + CREDENTIALS + where, json=body, headers=bearer, timeout=20)


def stored(house: House, token: str) -> Any:  # noqa: ANN401 - whatever the server answers
    return ask(house, token, "POST", "", SECRET).json()["id"]


def test_a_provider_token_from_beginning_to_end(shell: Shell, house: House) -> None:
    made = shell.json("provider-token", "create", "--namespace", "acme", "--name", "staging")
    assert (made["namespace"], made["name"]) == ("acme", "staging")
    assert ask(house, made["token"], "GET").status_code == 200
    shown = shell.gets("provider-token", "list")
    assert made["id"] in shown
    assert made["token"] not in shown
    assert shell.json("provider-token", "revoke", made["id"])["revoked_at"] is not None
    assert ask(house, made["token"], "GET").status_code == 401
    assert "--namespace" in shell.misuses("provider-token", "create")
    assert "--namespace" in shell.fails("provider-token", "create", "--namespace", " acme")


def test_an_item_is_shared_narrowed_and_withdrawn(shell: Shell, house: House) -> None:
    token, other = [
        shell.json("provider-token", "create", "--namespace", name)["token"] for name in ("to / here", "from there")
    ]
    id_ = stored(house, other)
    share = ("provider-item", "share", id_, "--namespace", "to / here")
    assert shell.json(*share)["shared"] is True
    assert ask(house, token, "GET", f"/{id_}").json()["secret_value"] == SECRET["secret_value"]
    assert id_ in shell.gets("provider-item", "list", "--namespace", "to / here")
    shell.json(*share, "--closes-at", "2020-01-01T00:00:00Z")
    assert ask(house, token, "GET", f"/{id_}").status_code == 403
    assert "--closes-at" in shell.fails(*share, "--closes-at", "tomorrow")
    shell.json("provider-item", "withdraw", id_, "--namespace", "to / here")
    assert ask(house, token, "GET", f"/{id_}").status_code == 404
    assert shell.json("provider-item", "list", "--namespace", "to / here") == []
    assert "not found" in shell.fails("provider-item", "list", "--namespace", "unknown")
