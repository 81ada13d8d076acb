"""Connections changed, rotated and removed (contract 6, cases 29 to 43, 104)."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from barndoor import BarndoorClient, UpdateConnectionRequest
from barndoor.exceptions import BadRequestException, NotFoundException

from strongroom.services.llm_connections import MOVED
from tests.dialects.barndoor.api import ADMIN, KEY, NEW_KEY, OPENAI, Api, Reach, api_of, refusal, rows
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import Stage, Tenant, running
from tests.plain_http import UNUSED_TLS


@pytest.fixture
def model(api: Api, connection: str) -> str:
    """The name of a model that is reached with the connection."""
    body = {"name": "P", "model_provider": "openai", "connection_id": connection, "base_url": "", "models": ["m"]}
    api.made("/providers", body)
    return "P/m"


@covers("B029", "B030", "B031")
async def test_a_new_key_is_used_from_the_next_request_on(
    sdk: BarndoorClient, connection: str, model: str, gateway: Reach
) -> None:
    api, id_ = sdk.llm_gateway, UUID(connection)
    before = await api.get_connection(id_)
    assert gateway.uses(model, KEY)
    renamed = await api.update_connection(id_, UpdateConnectionRequest(name="x"))
    assert (renamed.name, renamed.key_last4) == ("x", before.key_last4)
    assert gateway.uses(model, KEY)
    after = await api.update_connection(id_, UpdateConnectionRequest(api_key=NEW_KEY))
    assert gateway.uses(model, NEW_KEY)
    assert after.key_last4 == NEW_KEY[-4:]
    assert (after.name, after.settings, after.base_url) == ("x", before.settings, before.base_url)
    assert after.created_at == before.created_at
    assert after.updated_at > renamed.updated_at > before.updated_at
    assert gateway.resolved(model).candidates[0].secret_version == 2


@covers("B032", "B033")
async def test_nothing_changes_nothing(sdk: BarndoorClient, api: Api, connection: str) -> None:
    before = api.got(f"/connections/{connection}")
    assert (await sdk.llm_gateway.update_connection(UUID(connection), UpdateConnectionRequest())).name == before["name"]
    await sdk.llm_gateway.update_connection(UUID(connection), UpdateConnectionRequest(settings=None))
    assert api.got(f"/connections/{connection}") == before
    api.put(f"/connections/{connection}", settings={"organization": "o"})
    kept = api.put(f"/connections/{connection}", settings=None, name=None, api_key=None, credentials={})
    assert kept["settings"] == {"organization": "o"}


@covers("B034")
async def test_an_empty_key_is_no_key(sdk: BarndoorClient, connection: str, model: str, gateway: Reach) -> None:
    with pytest.raises(BadRequestException):
        await sdk.llm_gateway.update_connection(UUID(connection), UpdateConnectionRequest(api_key=""))
    assert gateway.uses(model, KEY)


@covers("B035")
def test_the_same_key_again_is_no_new_version(api: Api, connection: str, model: str, gateway: Reach) -> None:
    for _ in range(2):
        api.put(f"/connections/{connection}", api_key=NEW_KEY)
        assert gateway.resolved(model).candidates[0].secret_version == 2
        assert gateway.uses(model, NEW_KEY)


@covers("B036")
def test_a_note_explains_one_change(api: Api, connection: str) -> None:
    assert api.put(f"/connections/{connection}", change_note=" a ")["last_change_note"] == "a"
    after = api.put(f"/connections/{connection}", name="b")
    assert after["last_change_note"] is None
    assert after["last_modified_by_user_id"] == after["created_by_user_id"]
    assert after["last_modified_at"] == after["updated_at"]


@covers("B037")
def test_providers_that_follow_move_along(api: Api, connection: str) -> None:
    body = {"model_provider": "openai", "connection_id": connection}
    follows = api.made("/providers", body, name="1", base_url="")
    names_it = api.made("/providers", body, name="2", base_url=OPENAI["base_url"])
    own = api.made("/providers", body, name="3", base_url="https://own.example/v1")
    api.put(f"/connections/{connection}", base_url="https://b.example/v1")
    assert [api.got(f"/providers/{each['id']}")["base_url"] for each in (follows, names_it, own)] == [
        "https://b.example/v1",
        "https://b.example/v1",
        "https://own.example/v1",
    ]


@covers("B038")
def test_patch_is_put(api: Api, connection: str, model: str, gateway: Reach) -> None:
    patched = api.made(f"/connections/{connection}", {"api_key": NEW_KEY, "name": "p"}, method="PATCH")
    assert (patched["name"], patched["key_last4"]) == ("p", "abcd")
    assert gateway.uses(model, NEW_KEY)


@covers("B039")
def test_a_change_that_is_refused_rotates_nothing(api: Api, connection: str, model: str, gateway: Reach) -> None:
    api.made("/connections", OPENAI, name="taken")
    before = api.got(f"/connections/{connection}")
    api.refused("PUT", f"/connections/{connection}", {"name": "taken", "api_key": NEW_KEY}, status=409)
    api.refused("PUT", f"/connections/{connection}", {"settings": {"token": 1}, "api_key": NEW_KEY})
    api.refused("PUT", f"/connections/{connection}", {"model_provider": "groq", "api_key": NEW_KEY})
    assert api.got(f"/connections/{connection}") == before
    assert gateway.uses(model, KEY)
    assert api.put(f"/connections/{connection}", model_provider="openai")["name"] == before["name"]


@covers("B040", "B043")
async def test_what_is_anothers_is_not_there(sdk: BarndoorClient, api: Api, other: Api, connection: str) -> None:
    unknown = str(uuid4())
    for method, body in (("PUT", {"name": "x"}), ("GET", None), ("DELETE", None)):
        theirs = other.refused(method, f"/connections/{connection}", body, status=404)
        nobodys = other.refused(method, f"/connections/{unknown}", body, status=404)
        assert theirs["message"].replace(connection, "") == nobodys["message"].replace(unknown, "")
    with pytest.raises(NotFoundException):
        await sdk.llm_gateway.delete_connection(UUID(unknown))
    api.refused("GET", "/connections/no-uuid", status=400)
    assert api.got(f"/connections/{connection}")["id"] == connection


@covers("B041")
async def test_what_is_deleted_is_gone_with_its_secret(
    stage: Stage, sdk: BarndoorClient, api: Api, connection: str
) -> None:
    kept = "SELECT receipt FROM credentials WHERE id = ?"
    assert rows(stage, kept, connection)[0][0] is not None
    assert (await sdk.llm_gateway.delete_connection(UUID(connection))).deleted is True
    api.refused("GET", f"/connections/{connection}", status=404)
    api.refused("DELETE", f"/connections/{connection}", status=404)
    assert rows(stage, kept, connection) == []


@covers("B042")
def test_a_connection_in_use_stays_and_says_by_whom(api: Api, connection: str, model: str, gateway: Reach) -> None:
    body = {"model_provider": "openai", "connection_id": connection, "base_url": ""}
    second = api.made("/providers", body, name="Second")
    api.put(f"/providers/{second['id']}", enabled=False)
    told = api.refused("DELETE", f"/connections/{connection}", status=409)
    assert "2 providers: P, Second" in told["message"]
    assert gateway.uses(model, KEY)


def test_another_scheme_needs_its_own_secret_or_destroys_the_one_there_is(
    api: Api, connection: str, model: str, gateway: Reach
) -> None:
    there = f"/connections/{connection}"
    assert api.put(there, auth_type="bearer_api_key")["key_last4"] == "wxyz"
    assert gateway.uses(model, KEY)
    through = api.put(there, auth_type="codex_oauth")
    assert (through["stores_key_material"], through["key_last4"]) == (False, None)
    assert gateway.material(model).tag == "oauth_passthrough"
    assert "api_key" in api.refused("PUT", there, {"auth_type": "api_key"})["message"]
    assert api.put(there, auth_type="api_key", api_key=NEW_KEY)["key_last4"] == "abcd"
    assert gateway.uses(model, NEW_KEY)


@covers("B104")
def test_a_secret_that_is_sent_elsewhere_without_being_known_is_written_down(
    stage: Stage, tenant: Tenant, api: Api, connection: str
) -> None:
    api.put(f"/connections/{connection}", base_url="https://elsewhere.example/v1")
    api.put(f"/connections/{connection}", base_url="https://third.example/v1", api_key=KEY)
    body = {"model_provider": "openai", "connection_id": connection}
    provider = api.made("/providers", body, name="p", base_url="https://fourth.example/v1")
    entries = "SELECT target, facts FROM audit_entries WHERE organization_id = ? AND action = ? ORDER BY sequence"
    told = [(target, json.loads(facts)["to"]) for target, facts in rows(stage, entries, tenant.organization, MOVED)]
    assert told == [(connection, "https://elsewhere.example"), (provider["id"], "https://fourth.example")]


def test_the_audit_log_has_what_was_changed_and_which_secret_was_in_force(
    stage: Stage, tenant: Tenant, api: Api, connection: str
) -> None:
    for fields in ({"api_key": NEW_KEY, "change_note": "why"}, {"name": "another", "settings": {"a": 1}}):
        api.put(f"/connections/{connection}", **fields)
    entries = "SELECT facts FROM audit_entries WHERE organization_id = ? AND action = ? ORDER BY sequence"
    told = [
        json.loads(facts)
        for action in ("connection.rotated", "connection.updated")
        for (facts,) in rows(stage, entries, tenant.organization, action)
    ]
    assert told == [
        {"fields": "note, secret", "secret_version": 1},
        {"fields": "name, settings", "secret_version": 2},
    ]


@covers("B104")
def test_the_operator_can_have_the_secret_sent_along(tmp_path: Path) -> None:
    with running(tmp_path / "strict", require_secret_on_host_change=True) as strict:
        api = api_of(strict.tenant())
        connection = api.made("/connections", OPENAI)["id"]
        there = f"/connections/{connection}"
        api.refused("PUT", there, {"base_url": "https://elsewhere.example/v1"})
        api.refused("PUT", there, {"base_url": "http://api.openai.com/v1"})
        assert api.put(there, base_url="https://api.openai.com/v2")["base_url"] == "https://api.openai.com/v2"
        api.put(there, base_url="https://elsewhere.example/v1", api_key=KEY)
        body = {"name": "p", "model_provider": "openai", "connection_id": connection}
        api.refused("POST", "/providers", {**body, "base_url": "https://other.example"})
        provider = api.made("/providers", body, base_url="")
        api.refused("PUT", f"/providers/{provider['id']}", {"base_url": "https://other.example"})


def test_two_that_take_one_name_at_once_are_one(tenant: Tenant, api: Api) -> None:
    with httpx.Client(base_url=tenant.url, trust_env=False, verify=UNUSED_TLS, headers=api.headers) as http:
        answers = [http.post(f"{ADMIN}/connections", json=OPENAI) for _ in range(3)]
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


def test_writes_are_counted_and_whoever_writes_too_often_waits(tenant: Tenant, api: Api) -> None:
    path, written = f"{ADMIN}/connections/{uuid4()}", 1
    with httpx.Client(base_url=tenant.url, trust_env=False, verify=UNUSED_TLS, headers=api.headers) as http:
        while (answer := http.delete(path)).status_code == 404:
            written += 1
    refusal(answer, 429)
    assert written > 60
    assert answer.headers["retry-after"] == "1"
    assert api.got("/connections") == []
