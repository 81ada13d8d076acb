"""Providers and model mappings (contract 6, cases 44 to 56)."""

from uuid import UUID, uuid4

import pytest
from barndoor import (
    BarndoorClient,
    CreateModelMappingRequest,
    CreateProviderRequest,
    ReorderEntry,
    ReorderModelMappingsRequest,
    UpdateModelMappingRequest,
    UpdateProviderRequest,
)

from tests.dialects.barndoor.api import KEY, NEW_KEY, OPENAI, Api, Reach, rows
from tests.dialects.barndoor.behaviours import covers
from tests.dialects.stage import Stage


@pytest.fixture
def body(connection: str) -> dict[str, object]:
    """A provider that follows the connection."""
    return {"name": "P", "model_provider": "openai", "connection_id": connection, "base_url": ""}


@pytest.fixture
def provider(api: Api, body: dict[str, object]) -> str:
    """The id of a provider of one model, `m`."""
    return str(api.made("/providers", body, models=["m", "m"])["id"])


@covers("B044")
async def test_a_provider_is_what_its_connection_is(sdk: BarndoorClient, connection: str) -> None:
    request = CreateProviderRequest(name="P", model_provider="openai", base_url="", connection_id=UUID(connection))
    made = await sdk.llm_gateway.create_provider(request)
    assert (made.auth_type, made.base_url) == ("api_key", OPENAI["base_url"])
    assert (made.secret_path, made.enabled, made.enforce_health_check) == ("pending", True, True)
    assert made.health_status == "unverified"
    assert await sdk.llm_gateway.get_provider(made.id) == made
    assert await sdk.llm_gateway.list_providers() == [made]
    off = await sdk.llm_gateway.update_provider(made.id, UpdateProviderRequest(enabled=False, request_timeout_secs=5))
    assert (off.enabled, off.request_timeout_secs) == (False, 5)
    cleared = await sdk.llm_gateway.update_provider(made.id, UpdateProviderRequest(request_timeout_secs=None))
    assert (cleared.enabled, cleared.request_timeout_secs) == (False, None)
    assert (await sdk.llm_gateway.delete_provider(made.id)).deleted is True
    assert await sdk.llm_gateway.list_providers() == []


@covers("B045", "B046", "B047", "B048")
def test_a_provider_keeps_no_secret_of_its_own(api: Api, other: Api, body: dict[str, object]) -> None:
    for secret in ({"api_key": KEY}, {"credentials": {"key": KEY}}):
        api.refused("POST", "/providers", {**body, **secret})
    alone = {name: value for name, value in body.items() if name != "connection_id"}
    assert "connection_id" in api.refused("POST", "/providers", alone)["message"]
    api.refused("POST", "/providers", {**alone, "auth_type": "api_key"})
    api.refused("POST", "/providers", {**body, "connection_id": str(uuid4())}, status=404)
    other.refused("POST", "/providers", body, status=404)
    api.refused("POST", "/providers", {**body, "model_provider": "anthropic"})
    claude = api.made("/providers", alone, model_provider="anthropic", auth_type="claude_oauth")
    assert (claude["auth_type"], claude["base_url"]) == ("claude_oauth", "https://api.anthropic.com")
    assert claude["secret_path"] != "pending"
    api.refused("POST", "/providers", {**body, "catalog_id": str(uuid4())})


@covers("B049")
def test_one_connection_stands_behind_several_providers(
    api: Api, body: dict[str, object], connection: str, gateway: Reach
) -> None:
    for name in ("A", "B"):
        api.made("/providers", body, name=name, models=["m"])
    assert (gateway.uses("A/m", KEY), gateway.uses("B/m", KEY)) == (True, True)
    api.put(f"/connections/{connection}", api_key=NEW_KEY)
    assert (gateway.uses("A/m", NEW_KEY), gateway.uses("B/m", NEW_KEY)) == (True, True)


@covers("B050")
def test_a_provider_is_bound_anew_and_never_let_go(api: Api, provider: str, connection: str) -> None:
    assert "connection_id" in api.refused("PUT", f"/providers/{provider}", {"connection_id": None})["message"]
    second = api.made("/connections", OPENAI, name="second", auth_type="bearer_api_key", settings={"a": 1})
    rebound = api.put(f"/providers/{provider}", connection_id=second["id"])
    assert (rebound["connection_id"], rebound["auth_type"]) == (second["id"], "bearer_api_key")
    assert rebound["settings"] == {"a": 1}
    assert api.call("DELETE", f"/connections/{connection}").status_code == 200


@covers("B051")
def test_a_providers_settings_lie_over_its_connections(api: Api, connection: str, body: dict[str, object]) -> None:
    api.put(f"/connections/{connection}", settings={"a": 0, "b": 2})
    assert api.made("/providers", body, settings={"a": 1})["settings"] == {"a": 1, "b": 2}
    api.refused("POST", "/providers", {**body, "name": "Q", "settings": {"api_key": "x"}})


@covers("B052")
def test_billing_is_described_as_a_whole(api: Api, body: dict[str, object], provider: str) -> None:
    api.refused("POST", "/providers", {**body, "name": "Q", "billing_mode": "not_metered"})
    there = f"/providers/{provider}"
    api.refused("PUT", there, {"billing_mode": "not_metered"})
    local = api.put(there, billing_mode="not_metered", billing_reason="local", billing_note=" ours ")
    assert (local["billing_mode"], local["billing_reason"], local["billing_note"]) == ("not_metered", "local", "ours")
    assert api.put(there, name="still")["billing_note"] == "ours"
    api.refused("PUT", there, {"billing_reason": None})
    assert api.put(there, billing_mode="per_token", billing_reason=None, billing_note=None)["billing_reason"] is None
    api.refused("PUT", there, {"billing_note": "x" * 201})


def test_a_providers_name_is_used_once(api: Api, body: dict[str, object], provider: str) -> None:
    api.refused("POST", "/providers", body, status=409)
    api.made("/providers", body, name="Q")
    api.refused("PUT", f"/providers/{provider}", {"name": "Q"}, status=409)
    api.refused("PUT", f"/providers/{provider}", {"model_provider": "groq"})


@covers("B053", "B054")
async def test_a_model_is_enabled_once_and_routes_lead_to_enabled_ones(sdk: BarndoorClient, provider: str) -> None:
    def request(alias: str, model: str, **more: object) -> CreateModelMappingRequest:
        body = {"provider_id": provider, "model_alias": alias, "upstream_model": model, **more}
        return CreateModelMappingRequest.model_validate(body)

    api = sdk.llm_gateway
    first = await api.create_model_mapping(request("m", "m", priority=3))
    again = await api.create_model_mapping(request("m", "m", enabled=False))
    assert (again.id, again.priority, again.enabled, again.kind) == (first.id, 3, False, "model")
    assert not first.bare_alias
    with pytest.raises(Exception, match="upstream_model"):
        await api.create_model_mapping(request("fast", "unheard-of"))
    route = await api.create_model_mapping(request("fast", "m"))
    assert (route.kind, route.bare_alias) == ("route", True)
    same_name = await api.create_model_mapping(request("m", "m", kind="route"))
    assert (same_name.kind, same_name.id != first.id) == ("route", True)


@covers("B055")
async def test_mappings_are_listed_for_one_provider_and_for_all(sdk: BarndoorClient, provider: str) -> None:
    (all_of_them,) = await sdk.llm_gateway.list_all_model_mappings()
    (of_provider,) = await sdk.llm_gateway.list_model_mappings(UUID(provider))
    assert all_of_them.id == of_provider.id
    assert all_of_them.effective_pricing.source == of_provider.effective_pricing.source == "none"
    assert (all_of_them.provider_name, all_of_them.provider_auth_type) == ("P", "api_key")


@covers("B056")
def test_timeouts_have_defaults_and_bounds(api: Api, provider: str) -> None:
    body: dict[str, object] = {"provider_id": provider, "model_alias": "a", "upstream_model": "m"}
    made = api.made("/model-mappings", body)
    assert (made["request_timeout_secs"], made["stream_idle_timeout_secs"]) == (120, 180)
    for wrong in (
        {"request_timeout_secs": 0},
        {"request_timeout_secs": 601},
        {"stream_idle_timeout_secs": 301},
        {"retry_on_429_count": 11},
        {"retry_on_429_max_wait_secs": 181},
        {"cooldown_failure_threshold": 101},
        {"cooldown_base_secs": 301},
        {"cooldown_overloaded_secs": 301},
        {"cooldown_max_secs": 20},
        {"priority": 2**31},
    ):
        api.refused("POST", "/model-mappings", {**body, **wrong})
        api.refused("PUT", f"/model-mappings/{made['id']}", wrong)
    there = f"/model-mappings/{made['id']}"
    assert api.put(there, request_timeout_secs=600)["request_timeout_secs"] == 600
    assert api.put(there, enabled=False)["request_timeout_secs"] == 600
    assert api.put(there, request_timeout_secs=None)["request_timeout_secs"] is None


async def test_mappings_are_changed_reordered_and_removed(sdk: BarndoorClient, api: Api, provider: str) -> None:
    gateway = sdk.llm_gateway
    (model,) = api.got(f"/providers/{provider}/model-mappings")
    body: dict[str, object] = {"provider_id": provider, "upstream_model": "m"}
    routes = [api.made("/model-mappings", body, model_alias=f"r{n}") for n in range(2)]
    entries = [ReorderEntry(id=UUID(each["id"]), priority=5 - n) for n, each in enumerate(routes)]
    assert (await gateway.reorder_model_mappings(ReorderModelMappingsRequest(entries=entries))).ok is True
    shown = {each["id"]: each["priority"] for each in api.got("/model-mappings")}
    assert shown == {model["id"]: 0, routes[0]["id"]: 5, routes[1]["id"]: 4}
    nobody = [*entries[:1], ReorderEntry(id=uuid4(), priority=1)]
    with pytest.raises(Exception, match="not found"):
        await gateway.reorder_model_mappings(ReorderModelMappingsRequest(entries=nobody))
    renamed = await gateway.update_model_mapping(UUID(routes[0]["id"]), UpdateModelMappingRequest(model_alias="z"))
    assert (renamed.model_alias, renamed.priority) == ("z", 5)
    api.refused("PUT", f"/model-mappings/{routes[0]['id']}", {"upstream_model": "unheard-of"})
    api.made("/model-mappings", body, model_alias="n", upstream_model="n")
    api.refused("PUT", f"/model-mappings/{model['id']}", {"upstream_model": "n"}, status=409)
    assert (await gateway.delete_model_mapping(UUID(routes[1]["id"]))).deleted is True
    api.refused("DELETE", f"/model-mappings/{routes[1]['id']}", status=404)


def test_another_organization_reaches_none_of_it(api: Api, other: Api, provider: str) -> None:
    (mapping,) = api.got(f"/providers/{provider}/model-mappings")
    for method, path, body in (
        ("GET", f"/providers/{provider}", None),
        ("PUT", f"/providers/{provider}", {"name": "x"}),
        ("DELETE", f"/providers/{provider}", None),
        ("GET", f"/providers/{provider}/model-mappings", None),
        ("PUT", f"/model-mappings/{mapping['id']}", {"priority": 1}),
        ("DELETE", f"/model-mappings/{mapping['id']}", None),
        ("PUT", "/model-mappings/reorder", {"entries": [{"id": mapping["id"], "priority": 1}]}),
        ("POST", "/model-mappings", {"provider_id": provider, "model_alias": "m", "upstream_model": "m"}),
    ):
        other.refused(method, path, body, status=404)
    assert other.got("/model-mappings") == other.got("/providers") == []


def test_a_provider_goes_with_its_mappings_and_without_its_connection(
    stage: Stage, api: Api, provider: str, connection: str
) -> None:
    assert api.call("DELETE", f"/providers/{provider}").json() == {"deleted": True}
    assert rows(stage, "SELECT id FROM model_mappings WHERE provider_id = ?", provider) == []
    assert api.got(f"/connections/{connection}")["id"] == connection
