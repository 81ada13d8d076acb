"""Provider tokens: a class of their own, shown once, revoked at once, counted each by itself."""

from pathlib import Path
from typing import Any

import pytest

from strongroom.settings import Settings
from tests.dialects.skyvern_provider.behaviours import covers
from tests.dialects.skyvern_provider.conftest import Opened
from tests.dialects.skyvern_provider.skyvern import PREFIX, Failed, Skyvern
from tests.dialects.skyvern_provider.test_items import LABELLED, PASSWORD
from tests.dialects.stage import ADMIN_KEY, Raw, Stage, Tenant, running

TOKENS = "/strongroom/v1/provider-tokens"


def test_a_token_is_shown_once_and_then_only_hinted_at(tenant: Tenant) -> None:
    raw = tenant.raw()
    made = raw.made(TOKENS, {"namespace": "acme", "name": "staging"})
    assert made["token"].startswith("srp_")
    assert (made["namespace"], made["name"]) == ("acme", "staging")
    listed = raw.get(TOKENS).json()["data"]
    assert [row["id"] for row in listed] == [made["id"]]
    assert made["token"] not in str(listed)


async def test_a_revoked_token_is_refused_from_the_next_request_on(skyvern: Skyvern, tenant: Tenant) -> None:
    raw = tenant.raw()
    id_ = await skyvern.store("n", PASSWORD)
    (token,) = raw.get(TOKENS).json()["data"]
    revoked = raw.made(f"{TOKENS}/{token['id']}/revoke")
    with pytest.raises(Failed, match="HTTP 401: unauthorized"):
        await skyvern.read(id_)
    with pytest.raises(Failed, match="HTTP 401: unauthorized"):
        await skyvern.delete(id_)
    assert not await skyvern.test_connection()
    assert raw.call("DELETE", f"{TOKENS}/{token['id']}").json()["revoked_at"] == revoked["revoked_at"]


async def test_another_token_of_the_namespace_reads_what_a_revoked_one_stored(opened: Opened, tenant: Tenant) -> None:
    raw, one = tenant.raw(), opened("same")
    id_ = await one.store("n", PASSWORD)
    (token,) = raw.get(TOKENS).json()["data"]
    raw.made(f"{TOKENS}/{token['id']}/revoke")
    assert await opened("same").read(id_) == PASSWORD


@covers("S129")
@pytest.mark.parametrize("path", ["/strongroom/v1/me", "/strongroom/v1/provider-tokens", "/v1/vaults", "/v1/sessions"])
async def test_a_provider_token_is_nobody_at_every_other_door(skyvern: Skyvern, path: str) -> None:
    url = skyvern.base.removesuffix(PREFIX)
    version = {"anthropic-version": "2026-10-21"}
    for headers in ({"Authorization": f"Bearer {skyvern.token}"}, {"x-api-key": skyvern.token, "Authorization": ""}):
        assert (await skyvern.ask("GET", url + path, **version, **headers)).status == 401


@covers("S129")
async def test_a_provider_token_is_nobody_at_skyverns_own_door(skyvern: Skyvern) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    url = skyvern.base.removesuffix(PREFIX)
    for headers in ({}, {"x-api-key": skyvern.token}, {"x-api-key": skyvern.token, "Authorization": ""}):
        for path in ("/v1/credentials", f"/v1/credentials/{id_}", f"/v1/credentials/{id_}/totp-code"):
            answer = await skyvern.ask("GET", url + path, **headers)
            assert (answer.status, answer.body) == (403, {"detail": "Invalid credentials"})


async def test_an_item_is_no_login_of_the_workspace(skyvern: Skyvern, tenant: Tenant) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    raw = tenant.raw()
    for method, path in (("GET", ""), ("GET", "/totp-code"), ("POST", "/delete")):
        assert raw.call(method, f"/v1/credentials/{id_}{path}").status_code in {403, 404}
    assert raw.get("/v1/credentials").json() == []
    assert await skyvern.read(id_) == PASSWORD


@covers("S129")
async def test_an_api_key_is_nobody_at_the_providers_door(skyvern: Skyvern, tenant: Tenant) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    for key in (tenant.key, ADMIN_KEY):
        for headers in ({"Authorization": f"Bearer {key}"}, {"x-api-key": key, "Authorization": ""}):
            for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{id_}"), ("DELETE", f"/{id_}")):
                answer = await skyvern.ask(method, skyvern.base + path, **headers)
                assert (answer.status, answer.body) == (401, {"message": "unauthorized"})
    assert await skyvern.read(id_) == PASSWORD


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic {}"},
        {"Authorization": "{}"},
        {"Authorization": "Bearer {}x"},
        {"Authorization": "", "x-api-key": "{}"},
    ],
)
async def test_a_token_comes_as_a_bearer_token_and_in_no_other_way(skyvern: Skyvern, headers: dict[str, str]) -> None:
    sent = {name: value.format(skyvern.token) for name, value in headers.items()}
    answer = await skyvern.ask("GET", skyvern.base, **sent)
    assert (answer.status, answer.body) == (401, {"message": "unauthorized"})
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_nothing_is_read_from_strangers(skyvern: Skyvern) -> None:
    answer = await skyvern.ask("POST", skyvern.base, {"type": "nonsense"}, Authorization="Bearer srp_wrong")
    assert answer.status == 401


@pytest.mark.parametrize("namespace", ["", " a", "a ", "a\n", "a\0b", "x" * 256, 5, None])
def test_a_namespace_that_would_look_like_another_is_refused(tenant: Tenant, namespace: object) -> None:
    answer = tenant.raw().post(TOKENS, {"namespace": namespace})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "namespace")


def test_a_token_of_another_workspace_cannot_be_revoked(stage: Stage, tenant: Tenant) -> None:
    made = tenant.raw().made(TOKENS, {"namespace": "acme"})
    assert stage.tenant().raw().post(f"{TOKENS}/{made['id']}/revoke").status_code == 404
    assert tenant.raw().get(TOKENS).json()["data"][0]["revoked_at"] is None


def scoped(raw: Raw, *scopes: str) -> Raw:
    key = raw.made("/strongroom/v1/keys", {"scopes": list(scopes)})["key"]
    return Raw(url=raw.url, headers={**raw.headers, "x-api-key": key})


def test_tokens_need_the_scopes_of_keys(tenant: Tenant) -> None:
    raw = tenant.raw()
    made = raw.made(TOKENS, {"namespace": "acme"})
    reader = scoped(raw, "keys:read", "vaults:write", "credentials:write")
    assert reader.get(TOKENS).status_code == 200
    for path, body in ((TOKENS, {"namespace": "x"}), (f"{TOKENS}/{made['id']}/revoke", None)):
        refused = reader.post(path, body)
        assert (refused.status_code, "keys:write" in refused.text) == (403, True)
    assert scoped(raw, "vaults:read").get(TOKENS).status_code == 403


def test_into_a_namespace_of_another_key_only_one_that_may_see_secrets_lets_a_token(
    operator: Raw, tenant: Tenant
) -> None:
    raw = tenant.raw()
    raw.made(TOKENS, {"namespace": "acme"})
    raw.made(TOKENS, {"namespace": "acme"})  # the key that opened it
    refused = scoped(raw, "keys:write", "keys:read", "credentials:read").post(TOKENS, {"namespace": "acme"})
    assert (refused.status_code, "totp:read" in refused.text) == (403, True)
    assert len(raw.get(TOKENS).json()["data"]) == 2
    weak = scoped(operator, "keys:write")
    weak.made(TOKENS, {"namespace": "opened by a weak key"})
    assert operator.post(TOKENS, {"namespace": "opened by a weak key"}).status_code == 200


async def test_each_token_is_counted_by_itself(tmp_path: Path) -> None:
    with running(tmp_path, provider_requests_per_minute=2) as stage:
        raw = stage.tenant().raw()
        one, other = [
            Skyvern(stage.url + PREFIX, raw.made(TOKENS, {"namespace": name})["token"]) for name in ("a", "b")
        ]
        id_ = await one.store("n", LABELLED)
        for _ in range(2):
            await one.read(id_)
        answer = await one.ask("GET", f"{one.base}/{id_}")
        assert answer.status == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        assert list(answer.body) == ["message"]
        assert await other.test_connection()
        assert await one.store("n", LABELLED)  # creates have a bucket of their own


def test_a_token_is_limited_unless_the_operator_says_otherwise() -> None:
    assert Settings.load({}).provider_requests_per_minute == 600


def entries(raw: Raw) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = raw.get("/strongroom/v1/audit?limit=1000").json()["data"]
    return found


async def test_every_read_is_in_the_audit_log_with_namespace_item_moment_and_peer(
    opened: Opened, tenant: Tenant
) -> None:
    skyvern = opened("acme")
    id_ = await skyvern.store("n", PASSWORD)
    await skyvern.read(id_)
    for missing in ("cred_99999999999999999999", "\u2603" * 5):
        await skyvern.ask("GET", f"{skyvern.base}/{missing}")
    reads = [row for row in entries(tenant.raw()) if row["action"] == "provider_item.read"]
    (token,) = tenant.raw().get(TOKENS).json()["data"]
    told = [(row["target"], row["outcome"], row["reason"]) for row in reads]
    assert told == [
        (id_, "allowed", None),
        ("cred_99999999999999999999", "denied", "not_in_namespace"),
        ("(no item's id)", "denied", "not_in_namespace"),
    ]
    for row in reads:
        assert row["principal"] == token["id"]
        assert row["facts"] == {"namespace": "acme", "peer": "127.0.0.1", "vault": token["vault_id"]}
        assert row["at"] >= token["created_at"]


async def test_a_deleted_vault_takes_its_tokens_along(skyvern: Skyvern, tenant: Tenant) -> None:
    await skyvern.store("n", PASSWORD)
    raw = tenant.raw()
    (token,) = raw.get(TOKENS).json()["data"]
    assert raw.call("DELETE", f"/v1/vaults/{token['vault_id']}").status_code == 200
    assert not await skyvern.test_connection()
    assert raw.get(TOKENS).json()["data"] == []


async def test_the_vault_of_a_namespace_can_be_archived_and_nothing_is_read_then(
    skyvern: Skyvern, tenant: Tenant
) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    raw = tenant.raw()
    (token,) = raw.get(TOKENS).json()["data"]
    raw.made(f"/v1/vaults/{token['vault_id']}/archive")
    with pytest.raises(Failed, match="HTTP 404: not found"):
        await skyvern.read(id_)
    with pytest.raises(Failed, match=f"HTTP 422: vault {token['vault_id']} is archived"):
        await skyvern.store("n", PASSWORD)
    await skyvern.delete(id_)
    assert raw.post(TOKENS, {"namespace": token["namespace"]}).status_code == 400
