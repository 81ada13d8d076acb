"""Agent identities and their keys on this wire, and what servers read of them without a key of ours."""

import httpx
import pytest

from tests.dialects.native.api import VENDOR, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "https://tools.example.com/mcp"
ISSUER = "http://127.0.0.1:8700"
KEY_SET = "/.well-known/jwks.json"


async def made(api: Api, **more: object) -> tuple[str, dict[str, object]]:
    vault = await api.vault("v")
    return vault, await api.made(f"/vaults/{vault}/agent-identities", {"mcp_server_url": URL, **more})


async def test_an_identity_says_which_server_it_is_for_and_who_signs_it(api: Api) -> None:
    vault, identity = await made(api, display_name="tools", metadata={"k": "v"})
    assert (identity["kind"], identity["vault_id"], identity["display_name"]) == ("agent_identity", vault, "tools")
    assert (identity["mcp_server_url"], identity["audience"], identity["issuer"]) == (URL, URL, ISSUER)
    assert await api.got(f"/vaults/{vault}/agent-identities/{identity['id']}") == identity
    listed = await api.got(f"/vaults/{vault}/agent-identities")
    assert (listed["data"], listed["next_page"]) == ([identity], None)


async def test_it_may_be_for_another_audience(api: Api) -> None:
    _, identity = await made(api, audience="urn:example:tools")
    assert identity["audience"] == "urn:example:tools"


async def test_a_server_has_one_credential_in_a_vault(api: Api) -> None:
    vault, _ = await made(api)
    refused = await api.refused("POST", f"/vaults/{vault}/agent-identities", {"mcp_server_url": URL + "/"}, status=409)
    assert refused["code"] == "conflict"


async def test_an_identity_is_archived_and_deleted(api: Api) -> None:
    vault, identity = await made(api)
    one = f"/vaults/{vault}/agent-identities/{identity['id']}"
    assert (await api.made(f"{one}/archive"))["archived_at"] is not None
    assert (await api.got(f"/vaults/{vault}/agent-identities"))["data"] == []
    assert len((await api.got(f"/vaults/{vault}/agent-identities?include_archived=true"))["data"]) == 1
    assert (await api.ask("DELETE", one)).json() == {"id": identity["id"], "type": "credential_deleted"}
    assert (await api.refused("GET", one, status=404))["code"] == "not_found"


async def test_pages_follow_each_other(api: Api) -> None:
    vault, first = await made(api)
    second = await api.made(f"/vaults/{vault}/agent-identities", {"mcp_server_url": URL + "/other"})
    page = await api.got(f"/vaults/{vault}/agent-identities?limit=1")
    assert [row["id"] for row in page["data"]] == [second["id"]]
    page = await api.got(f"/vaults/{vault}/agent-identities?limit=1&page={page['next_page']}")
    assert ([row["id"] for row in page["data"]], page["next_page"]) == ([first["id"]], None)


async def test_the_vendors_dialect_says_nothing_of_it(api: Api, http: httpx.AsyncClient) -> None:
    vault, identity = await made(api)
    headers = {"x-api-key": api.key, **VENDOR}
    listed = await http.get(f"/v1/vaults/{vault}/credentials", headers=headers)
    assert listed.json()["data"] == []
    one = await http.get(f"/v1/vaults/{vault}/credentials/{identity['id']}", headers=headers)
    assert one.status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"mcp_server_url": "http://tools.example.com/mcp"}, "mcp_server_url"),
        ({"mcp_server_url": "nothing"}, "mcp_server_url"),
        ({"mcp_server_url": ""}, "mcp_server_url"),
        ({"audience": ""}, "audience"),
        ({"audience": "two words"}, "audience"),
        ({"audience": "ä"}, "audience"),
        ({"token": "x"}, "token"),
    ],
)
async def test_what_breaks_a_rule_is_named(api: Api, wrong: dict[str, object], field: str) -> None:
    vault = await api.vault("v")
    body = {"mcp_server_url": URL, **wrong}
    assert (await api.refused("POST", f"/vaults/{vault}/agent-identities", body, status=400))["field"] == field


async def test_the_key_set_is_there_for_everybody_and_follows_a_rotation(
    operator: Api, http: httpx.AsyncClient
) -> None:
    before = await http.get(KEY_SET)
    assert (before.status_code, before.headers["content-type"]) == (200, "application/json")
    assert before.headers["cache-control"] == "public, max-age=300"
    (old,) = before.json()["keys"][:1]
    rotated = await operator.made("/identity-keys/rotate", {})
    after = (await http.get(KEY_SET)).json()["keys"]
    assert [key["kid"] for key in after] == [key["id"] for key in rotated["data"]]
    assert after[1]["kid"] == old["kid"]
    assert [key["signs"] for key in rotated["data"]] == [False, True]
    assert (rotated["data"][0]["shown_until"], rotated["issuer"]) == (None, ISSUER)
    assert await operator.got("/identity-keys") == rotated
    assert not any("d" in key for key in after)


async def test_a_key_that_became_known_is_gone_at_once(operator: Api, http: httpx.AsyncClient) -> None:
    (only,) = (await operator.made("/identity-keys/rotate", {"at_once": True}))["data"]
    assert (only["signs"], only["shown_until"]) == (True, None)
    assert [key["kid"] for key in (await http.get(KEY_SET)).json()["keys"]] == [only["id"]]


async def test_only_the_operator_rotates_keys(api: Api) -> None:
    assert (await api.refused("POST", "/identity-keys/rotate", {}, status=403))["code"] == "not_permitted"
    assert (await api.refused("GET", "/identity-keys", status=403))["code"] == "not_permitted"


async def test_the_metadata_leads_to_the_key_set_and_names_no_endpoint_to_sign_in_at(http: httpx.AsyncClient) -> None:
    told = (await http.get("/.well-known/openid-configuration")).json()
    assert (told["issuer"], told["jwks_uri"]) == (ISSUER, ISSUER + KEY_SET)
    assert told["id_token_signing_alg_values_supported"] == ["ES256"]
    assert not any(name.endswith("_endpoint") for name in told)


async def test_the_documents_are_read_only_and_have_nothing_below_them(http: httpx.AsyncClient) -> None:
    refused = await http.post(KEY_SET)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert (await http.get(KEY_SET + "/x")).status_code == 404
    assert (await http.head(KEY_SET)).content == b""
