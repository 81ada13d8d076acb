"""AWS keys on this wire, and what the vendor's dialect says of them: nothing."""

import pytest

from tests.dialects.native.api import VENDOR, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS = {"access_key_id": "AKIAPLANTEDPLANTED01", "secret_access_key": "planted/secret+key"}
BODY = {**KEYS, "hosts": ["*.amazonaws.com"], "display_name": "aws"}


async def made(api: Api, **more: object) -> tuple[str, dict[str, object]]:
    vault = await api.vault("v")
    return vault, await api.made(f"/vaults/{vault}/aws-keys", {**BODY, **more})


async def test_keys_are_described_and_never_shown(api: Api) -> None:
    vault, keys = await made(api)
    assert (keys["kind"], keys["hosts"], keys["display_name"]) == ("aws_keys", ["*.amazonaws.com"], "aws")
    assert (keys["name"], keys["variables"]) == (None, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    assert await api.got(f"/vaults/{vault}/aws-keys/{keys['id']}") == keys
    listed = await api.got(f"/vaults/{vault}/aws-keys")
    assert (listed["data"], listed["next_page"]) == ([keys], None)
    assert not any(value in str(listed) for value in KEYS.values())


async def test_temporary_keys_have_a_variable_for_their_token(api: Api) -> None:
    vault, keys = await made(api, session_token="planted-token")
    assert keys["variables"] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    session = await api.made("/sessions", {"vaults": [vault]})
    env = session["egress"]["env"]
    assert all(env[name].startswith("srp_") for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"))


async def test_a_vault_has_one_set_of_keys(api: Api) -> None:
    vault, _ = await made(api)
    assert (await api.refused("POST", f"/vaults/{vault}/aws-keys", BODY, status=409))["code"] == "conflict"
    body = {"name": "AWS_ACCESS_KEY_ID", "value": "x", "hosts": None}
    assert (await api.refused("POST", f"/vaults/{vault}/credentials", body, status=409))["code"] == "conflict"


async def test_keys_are_replaced_whole_archived_and_deleted(api: Api) -> None:
    vault, keys = await made(api)
    one = f"/vaults/{vault}/aws-keys/{keys['id']}"
    rotated = await api.made(f"{one}/rotate", {**KEYS, "session_token": "t"})
    assert (rotated["id"], len(rotated["variables"])) == (keys["id"], 3)
    refused = await api.refused("POST", f"{one}/rotate", {"access_key_id": "A"}, status=400)
    assert refused["field"] == "secret_access_key"
    assert (await api.made(f"{one}/archive"))["archived_at"] is not None
    assert (await api.got(f"/vaults/{vault}/aws-keys"))["data"] == []
    assert len((await api.got(f"/vaults/{vault}/aws-keys?include_archived=true"))["data"]) == 1
    assert (await api.ask("DELETE", one)).json() == {"id": keys["id"], "type": "credential_deleted"}
    assert (await api.refused("GET", one, status=404))["code"] == "not_found"


async def test_pages_follow_each_other(api: Api) -> None:
    vault, first = await made(api)
    await api.made(f"/vaults/{vault}/aws-keys/{first['id']}/archive")
    second = await api.made(f"/vaults/{vault}/aws-keys", BODY)
    page = await api.got(f"/vaults/{vault}/aws-keys?limit=1&include_archived=true")
    assert [row["id"] for row in page["data"]] == [second["id"]]
    page = await api.got(f"/vaults/{vault}/aws-keys?limit=1&include_archived=true&page={page['next_page']}")
    assert ([row["id"] for row in page["data"]], page["next_page"]) == ([first["id"]], None)


async def test_other_kinds_are_not_found_here(api: Api) -> None:
    vault, _ = await made(api)
    other = await api.variable(vault, "TOKEN")
    assert (await api.refused("GET", f"/vaults/{vault}/aws-keys/{other['id']}", status=404))["code"] == "not_found"
    assert len((await api.got(f"/vaults/{vault}/aws-keys"))["data"]) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"access_key_id": "A" * 129}, "access_key_id"),
        ({"secret_access_key": "line\r\nbreak"}, "secret_access_key"),
        ({"session_token": ""}, "session_token"),
        ({"hosts": ["https://x"]}, "hosts.0"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_what_breaks_a_rule_is_named_and_its_value_is_not(api: Api, wrong: dict[str, object], field: str) -> None:
    vault = await api.vault("v")
    answer = await api.ask("POST", f"/vaults/{vault}/aws-keys", {**BODY, **wrong})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert "planted" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"display_name": "x"}),
        ("POST", "", {"auth": {"type": "environment_variable", "secret_value": "x"}}),
        ("POST", "/archive", {}),
        ("DELETE", "", None),
    ],
)
async def test_the_vendors_dialect_knows_nothing_of_them(api: Api, method: str, path: str, body: object) -> None:
    vault, keys = await made(api)
    other = await api.variable(vault, "TOKEN")
    headers = {"x-api-key": api.key, **VENDOR}
    where = f"/v1/vaults/{vault}/credentials"
    listed = (await api.http.get(where, headers=headers, params={"limit": 1})).json()
    assert ([row["id"] for row in listed["data"]], listed["next_page"]) == ([other["id"]], None)
    answer = await api.http.request(method, f"{where}/{keys['id']}{path}", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert await api.got(f"/vaults/{vault}/aws-keys/{keys['id']}") == keys


async def test_an_archived_vault_takes_its_keys_along(api: Api) -> None:
    vault, keys = await made(api)
    headers = {"x-api-key": api.key, **VENDOR}
    assert (await api.http.post(f"/v1/vaults/{vault}/archive", headers=headers)).status_code == 200
    assert (await api.got(f"/vaults/{vault}/aws-keys/{keys['id']}"))["archived_at"] is not None
