"""What was used of models, and the limits of gateway keys, through the API."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, final

import pytest
import pytest_asyncio

from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.uses import Attempt, Finish, Tokens, Use
from strongroom.wiring import House
from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()


@final
@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A gateway key, and what it asks of models."""

    house: House
    api: Api
    key: str
    organization: str
    workspace: str

    def use(self, **changed: Any) -> Use:  # noqa: ANN401 - fields of whatever type they have
        made = Use(
            request_id="req_1",
            at=NOW,
            organization=OrganizationId(self.organization),
            workspace=WorkspaceId(self.workspace),
            key=self.key,
            operation=Operation.CHAT,
            requested_model="fast",
            provider="prov-1",
            connection="conn-1",
            secret_version=3,
            upstream_model="gpt",
            attempts=(Attempt(provider="prov-1", upstream_model="gpt", status=200, milliseconds=17),),
            status=200,
            ttfb_ms=15,
            total_ms=20,
            is_stream=False,
            tokens=Tokens(input=70, output=30, cached=50),
            bytes_in=300,
            bytes_out=900,
            finish=Finish.COMPLETED,
        )
        return replace(made, **changed)

    def note(self, **changed: Any) -> None:  # noqa: ANN401 - as above
        self.house.llm.routing.books.note(self.use(**changed))

    async def gateway_key(self) -> GatewayKey:
        return await self.house.llm.routing.keys._keys.get(WorkspaceId(self.workspace), self.key)

    async def reached(self) -> bool:
        return self.house.llm.routing.books.admit(await self.gateway_key()) is not None


async def gateway_of(house: House, api: Api, name: str = "app") -> Gateway:
    sent = {"authorization": f"Bearer {api.key}"}
    made = await api.http.post("/api/llm-gateway/admin/api-keys", json={"name": name}, headers=sent)
    assert made.status_code == 200, made.text
    me = await api.got("/me")
    return Gateway(
        house=house,
        api=api,
        key=made.json()["id"],
        organization=me["organization_id"],
        workspace=me["workspace_id"],
    )


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: House, api: Api) -> Gateway:
    return await gateway_of(house, api)


async def test_what_was_used_is_seen_at_once_by_day(gateway: Gateway) -> None:
    gateway.note()
    gateway.note(request_id="req_2", tokens=Tokens(), status=502, finish=Finish.REFUSED)
    gateway.note(request_id="req_3", tokens=Tokens(), at=NOW - timedelta(days=1))
    usage = await gateway.api.got("/usage")
    assert usage["has_more"] is False
    today, yesterday = usage["data"]
    assert today == {
        "day": str(TODAY),
        "key_id": None,
        "model": None,
        "connection_id": None,
        "requests": 2,
        "failed_requests": 1,
        "untold_requests": 0,
        "input_tokens": 70,
        "output_tokens": 30,
        "cached_tokens": 50,
        "cache_write_tokens": 0,
        "counted_tokens": 100,
    }
    assert (yesterday["day"], yesterday["untold_requests"]) == (str(TODAY - timedelta(days=1)), 1)
    assert (yesterday["input_tokens"], yesterday["counted_tokens"]) == (0, 300 // 4 + 900 // 4)


async def test_sums_are_told_apart_and_chosen_as_asked_for(gateway: Gateway) -> None:
    gateway.note()
    gateway.note(request_id="req_2", upstream_model="other", connection="conn-2")
    gateway.note(request_id="req_3", upstream_model=None, connection=None, status=404, finish=Finish.REFUSED)
    rows = (await gateway.api.got("/usage?group_by=model&group_by=credential&group_by=key"))["data"]
    assert [(row["model"], row["connection_id"], row["key_id"], row["day"]) for row in rows] == [
        (None, None, gateway.key, None),
        ("gpt", "conn-1", gateway.key, None),
        ("other", "conn-2", gateway.key, None),
    ]
    for query, count in (
        (f"key={gateway.key}", 3),
        ("model=other", 1),
        ("credential=conn-1", 1),
        (f"from={TODAY}&to={TODAY}", 3),
    ):
        (row,) = (await gateway.api.got(f"/usage?{query}"))["data"]
        assert row["requests"] == count, query
    for query in ("key=another", "model=none", f"from={TODAY + timedelta(days=1)}&to={TODAY + timedelta(days=2)}"):
        assert (await gateway.api.got(f"/usage?{query}"))["data"] == []
    cut = await gateway.api.got("/usage?group_by=model&limit=2")
    assert (len(cut["data"]), cut["has_more"]) == (2, True)


async def test_requests_are_told_one_by_one_and_page_by_page(gateway: Gateway) -> None:
    for number in range(5):
        gateway.note(request_id=f"req_{number}", at=NOW + timedelta(seconds=number))
    first = await gateway.api.got("/usage/requests?limit=3")
    assert [row["request_id"] for row in first["data"]] == ["req_4", "req_3", "req_2"]
    last = await gateway.api.got(f"/usage/requests?limit=3&page={first['next_page']}")
    assert [row["request_id"] for row in last["data"]] == ["req_1", "req_0"]
    assert last["next_page"] is None
    shown = first["data"][0]
    assert (shown["model"], shown["requested_model"], shown["secret_version"]) == ("gpt", "fast", 3)
    assert (shown["input_tokens"], shown["cache_write_tokens"]) == (70, None)
    assert shown["attempts"] == [
        {"provider_id": "prov-1", "model": "gpt", "status": 200, "milliseconds": 17, "code": None}
    ]
    elsewhere = f"/usage/requests?model=gpt&page={first['next_page']}"
    assert (await gateway.api.refused("GET", elsewhere, status=400))["field"] == "page"


async def test_another_tenant_sees_and_changes_nothing(house: House, gateway: Gateway, operator: Api) -> None:
    gateway.note()
    for query in ("", f"?key={gateway.key}", "?group_by=key"):
        rows = (await operator.got(f"/usage{query}"))["data"]
        assert gateway.key not in str(rows)
        assert sum(row["requests"] for row in rows) == 0
    assert (await operator.got(f"/usage/requests?key={gateway.key}"))["data"] == []
    assert gateway.key not in {row["id"] for row in (await operator.got("/gateway-keys"))["data"]}
    path = f"/gateway-keys/{gateway.key}/limits"
    assert (await operator.refused("PUT", path, {"tokens_per_day": 0}, status=404))["code"] == "not_found"
    assert not await gateway.reached()


async def test_only_whoever_may_see_keys_sees_usage_and_who_may_write_them_sets_limits(gateway: Gateway) -> None:
    api = gateway.api
    blind = api.as_key((await api.made("/keys", {"scopes": ["vaults:read", "llm:use"]}))["key"])
    for path in ("/usage", "/usage/requests", "/gateway-keys"):
        assert (await blind.refused("GET", path, status=403))["code"] == "not_permitted"
    reader = api.as_key((await api.made("/keys", {"scopes": ["keys:read"]}))["key"])
    await reader.got("/usage")
    await reader.got("/usage/requests")
    path = f"/gateway-keys/{gateway.key}/limits"
    assert (await reader.refused("PUT", path, {"tokens_per_day": 1}, status=403))["code"] == "not_permitted"
    assert (await api.as_key("").refused("GET", "/usage", status=401))["code"] == "not_authenticated"


async def test_a_limit_holds_for_the_next_request_and_what_was_taken_before_counts(gateway: Gateway) -> None:
    gateway.note()
    await gateway.api.got("/usage")  # it is written by now, and was not looked at, as the key had no limit
    answer = await gateway.api.ask("PUT", f"/gateway-keys/{gateway.key}/limits", {"tokens_per_day": 100})
    assert answer.status_code == 200, answer.text
    limited = answer.json()
    assert (limited["tokens_per_day"], limited["tokens_per_month"]) == (100, None)
    assert (limited["tokens_today"], limited["tokens_this_month"]) == (100, 100)
    assert await gateway.reached()
    (listed,) = (await gateway.api.got("/gateway-keys"))["data"]
    assert listed == limited
    raised = (await gateway.api.ask("PUT", f"/gateway-keys/{gateway.key}/limits", {"tokens_per_month": 101})).json()
    assert (raised["tokens_per_day"], raised["tokens_per_month"]) == (None, 101)
    assert not await gateway.reached()
    gateway.note(request_id="req_2")
    assert await gateway.reached()
    freed = (await gateway.api.ask("PUT", f"/gateway-keys/{gateway.key}/limits", {})).json()
    assert (freed["tokens_per_month"], freed["tokens_today"]) == (None, None)
    assert not await gateway.reached()


async def test_a_limit_is_on_record_with_its_numbers(gateway: Gateway) -> None:
    await gateway.api.ask("PUT", f"/gateway-keys/{gateway.key}/limits", {"tokens_per_day": 5})
    entry, _ = (await gateway.api.got("/audit?newest=true&limit=2"))["data"]
    assert (entry["action"], entry["target"], entry["facts"]) == (
        "gateway_key.limit",
        gateway.key,
        {"tokens_per_day": 5},
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "/gateway-keys/x/limits", {"tokens_per_day": -1}, "tokens_per_day"),
        ("PUT", "/gateway-keys/x/limits", {"tokens_per_day": 2**53}, "tokens_per_day"),
        ("PUT", "/gateway-keys/x/limits", {"tokens_per_day": "5"}, "tokens_per_day"),
        ("PUT", "/gateway-keys/x/limits", {"tokens_per_hour": 5}, "tokens_per_hour"),
        ("GET", "/usage?from=2026-13-01", None, "from"),
        ("GET", "/usage?from=2026-02-02&to=2026-02-01", None, "from"),
        ("GET", "/usage?to=9999-12-31", None, "to"),
        ("GET", "/usage?to=0001-01-05", None, "to"),
        ("GET", "/usage?group_by=hour", None, "group_by.0"),
        ("GET", "/usage?limit=0", None, "limit"),
        ("GET", "/usage/requests?limit=1001", None, "limit"),
        ("GET", "/usage/requests?page=x", None, "page"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(
    api: Api, method: str, path: str, body: object, field: str
) -> None:
    assert (await api.refused(method, path, body, status=400))["field"] == field
