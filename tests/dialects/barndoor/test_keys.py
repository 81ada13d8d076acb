"""Gateway keys, and who may ask at all (contract 6, cases 57 to 67)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from barndoor import BarndoorClient, CreateApiKeyRequest, SetApiKeyDisabledRequest
from barndoor.exceptions import BadRequestException, ServiceException, UnauthorizedException

from strongroom.core.secret import Secret
from strongroom.crypto.tokens import digest
from strongroom.services.llm_routing import Refused
from tests.dialects.barndoor.api import OPENAI, PREFIX, Api, Reach, client, counted, refusal, rows
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import Stage, Tenant
from tests.plain_http import UNUSED_TLS


@covers("B057", "B063")
async def test_a_key_is_shown_once(stage: Stage, sdk: BarndoorClient, api: Api) -> None:
    made = await sdk.llm_gateway.create_api_key(CreateApiKeyRequest(name="agents", scopes=["a"]))
    assert made.key.startswith("bd-")
    assert made.key_prefix == made.key[:8]
    (listed,) = await sdk.llm_gateway.list_api_keys()
    assert (listed.id, listed.key_prefix, listed.kind, listed.scopes) == (made.id, made.key_prefix, "machine", ["a"])
    assert isinstance(listed.created_by_user_id, UUID)
    assert await sdk.llm_gateway.get_api_key(made.id) == listed
    assert made.key not in api.call("GET", "/api-keys").text
    (kept,) = rows(stage, "SELECT * FROM gateway_keys WHERE id = ?", str(made.id))
    assert made.key not in str(kept)


@covers("B058")
async def test_a_key_is_a_persons_or_a_groups(sdk: BarndoorClient, api: Api) -> None:
    with pytest.raises(BadRequestException):
        await sdk.llm_gateway.create_api_key(CreateApiKeyRequest(name="k", user_id=uuid4(), group_name="g"))
    person = str(uuid4())
    api.made("/api-keys", name="p", user_id=person, user_email="a@b.c")
    (key,) = api.got("/api-keys")
    assert (key["kind"], key["user_id"]) == ("user", person)
    for wrong in ({"user_id": "me"}, {"expires_at": "yesterday"}, {"expires_at": "2020-01-01T00:00:00Z"}, {"name": ""}):
        api.refused("POST", "/api-keys", {"name": "k", **wrong})


async def test_a_key_is_switched_off_and_on_and_revoked_for_ever(
    stage: Stage, sdk: BarndoorClient, api: Api, gateway: Reach
) -> None:
    routes, print_ = stage.house.llm.routing.routes, digest(Secret(gateway.key))
    (key,) = await sdk.llm_gateway.list_api_keys()

    def refused() -> bool:
        return isinstance(stage.run(routes.key(print_)), Refused)

    assert not refused()
    off = await sdk.llm_gateway.set_api_key_disabled(key.id, SetApiKeyDisabledRequest(disabled=True))
    assert (off.disabled, refused()) == (True, True)
    await sdk.llm_gateway.set_api_key_disabled(key.id, SetApiKeyDisabledRequest(disabled=False))
    assert not refused()
    assert (await sdk.llm_gateway.revoke_api_key(key.id)).revoked is True
    assert refused()
    await sdk.llm_gateway.set_api_key_disabled(key.id, SetApiKeyDisabledRequest(disabled=False))
    assert refused()
    assert api.got(f"/api-keys/{key.id}")["revoked_at"] is not None


def test_a_key_ends_by_itself(stage: Stage, api: Api) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    key = api.made("/api-keys", name="k", expires_at=soon.isoformat())["key"]
    routes, print_ = stage.house.llm.routing.routes, digest(Secret(key))
    while datetime.now(UTC) < soon:
        stage.run(routes.key(print_))
    assert isinstance(stage.run(routes.key(print_)), Refused)


def test_a_person_makes_keys_for_themselves(tenant: Tenant, api: Api) -> None:
    with httpx.Client(base_url=tenant.url, trust_env=False, verify=UNUSED_TLS, headers=api.headers) as http:
        made = http.post(f"{PREFIX}/user/api-keys", json={"name": "mine", "group_name": "ignored"})
    assert made.status_code == 200
    (key,) = api.got("/api-keys")
    assert (key["kind"], key["user_id"], key["group_name"]) == ("user", key["created_by_user_id"], None)


@covers("B059")
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer garbage"}, {"authorization": "Basic Zzpn"}])
async def test_whoever_is_not_known_is_turned_away(tenant: Tenant, headers: dict[str, str]) -> None:
    answer = Api(url=tenant.url, headers=headers).call("GET", "/connections")
    refusal(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    async with client(tenant, token="garbage") as sdk:
        with pytest.raises(UnauthorizedException):
            await sdk.llm_gateway.list_connections()


@covers("B060")
def test_a_key_without_the_scope_may_not(tenant: Tenant, api: Api, connection: str) -> None:
    with httpx.Client(base_url=tenant.url, trust_env=False, verify=UNUSED_TLS, headers=api.headers) as http:
        reader = http.post("/strongroom/v1/keys", json={"scopes": ["credentials:read"]}).json()["key"]
    reading = Api(url=tenant.url, headers={"authorization": f"Bearer {reader}"})
    assert reading.got(f"/connections/{connection}")["id"] == connection
    for method, path, body in (
        ("POST", "/connections", OPENAI),
        ("PUT", f"/connections/{connection}", {"name": "x"}),
        ("PUT", f"/connections/{connection}", {}),
        ("DELETE", f"/connections/{connection}", None),
        ("POST", "/providers", {"name": "p", "model_provider": "openai", "connection_id": connection}),
        ("GET", "/api-keys", None),
        ("POST", "/api-keys", {"name": "k"}),
    ):
        reading.refused(method, path, body, status=403)


@covers("B062")
def test_a_gateway_key_administers_nothing(tenant: Tenant, gateway: Reach) -> None:
    for headers in ({"authorization": f"Bearer {gateway.key}"}, {"x-api-key": gateway.key}):
        refusal(Api(url=tenant.url, headers=headers).call("GET", "/connections"), 401)


@covers("B066")
def test_a_content_type_without_a_body_is_no_body(api: Api, connection: str) -> None:
    assert api.call("GET", "/connections", content_type="application/json").status_code == 200
    gone = api.call("DELETE", f"/connections/{connection}", content_type="application/json")
    assert gone.json() == {"deleted": True}


@covers("B067")
async def test_what_is_not_offered_is_asked_for_once(tenant: Tenant) -> None:
    async with counted(tenant) as (through, asked), client(through, retries=3) as sdk:
        with pytest.raises(ServiceException) as raised:
            await sdk.llm_gateway.list_budgets()
        assert (raised.value.status, asked) == (501, ["/budgets"])
        with pytest.raises(ServiceException):
            await sdk.llm_gateway.delete_routing_rule(uuid4())
    assert len(asked) == 2


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_whatever_else_there_may_be_in_the_namespace_is_not_offered(api: Api, connection: str, method: str) -> None:
    for path in ("/usage", "/budgets/x", f"/connections/{connection}/history", "/connections/", "/", ""):
        for content in (None, b"{no json"):
            answer = api.call(method, path, content=content, content_type="application/json")
            assert "does not offer" in refusal(answer, 501)["message"]
    for path in (f"{PREFIX}/user/profile", PREFIX, f"{PREFIX}/v2/admin"):
        with httpx.Client(base_url=api.url, trust_env=False, verify=UNUSED_TLS) as http:
            assert refusal(http.request(method, path), 501)["code"] == "not_implemented"


@pytest.mark.parametrize(
    ("method", "path"), [("OPTIONS", "/connections"), ("HEAD", "/connections"), ("PUT", "/api-keys")]
)
def test_a_method_that_is_not_there_is_told_which_are(tenant: Tenant, api: Api, method: str, path: str) -> None:
    with httpx.Client(base_url=tenant.url, trust_env=False, verify=UNUSED_TLS, headers=api.headers) as http:
        answer = http.request(method, f"{PREFIX}/admin{path}", headers={"origin": "https://evil.example"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "access-control-allow-origin" not in answer.headers


async def test_a_base_url_with_a_slash_at_its_end_is_understood(tenant: Tenant) -> None:
    async with client(replace(tenant, url=f"{tenant.url}/")) as sdk:
        assert await sdk.llm_gateway.list_connections() == []
