"""Organizations, keys, and what each key may do."""

import pytest

from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_new_organization_has_a_key_that_reaches_it_and_nothing_beyond(operator: Api) -> None:
    made = await operator.made("/organizations", {"name": "wile e."})
    tenant = operator.as_key(made["api_key"])
    me = await tenant.got("/me")
    assert (me["organization_id"], me["workspace_id"]) == (made["organization_id"], made["workspace_id"])
    assert not {scope for scope in me["scopes"] if scope.startswith("organizations:")}
    refused = await tenant.refused("POST", "/organizations", {"name": "x"}, status=403)
    assert "organizations:write" in refused["message"]
    listed = (await operator.got("/organizations"))["data"]
    assert [row["name"] for row in (listed[0], listed[-1])] == ["default", "wile e."]
    assert "srk_" not in str(listed)


async def test_a_key_is_shown_once_and_then_only_hinted_at(api: Api) -> None:
    made = await api.made("/keys", {"name": "ci", "scopes": ["vaults:read"]})
    assert made["scopes"] == ["vaults:read"]
    assert made["workspace_id"] == (await api.got("/me"))["workspace_id"]
    assert (await api.as_key(made["key"]).got("/me"))["id"] == made["id"]
    listed = (await api.got("/keys"))["data"]
    assert made["id"] in {row["id"] for row in listed}
    assert made["key"] not in str(listed)


async def test_a_key_without_chosen_scopes_has_all_but_totp(operator: Api) -> None:
    mine = set((await operator.got("/me"))["scopes"])
    assert set((await operator.made("/keys", {}))["scopes"]) == mine - {"totp:read"}


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_revoked_key_opens_nothing(api: Api, method: str) -> None:
    made = await api.made("/keys", {})
    path = f"/keys/{made['id']}" + ("/revoke" if method == "POST" else "")
    answer = await api.ask(method, path)
    assert answer.status_code == 200
    assert answer.json()["revoked_at"] is not None
    assert (await api.as_key(made["key"]).refused("GET", "/me", status=401))["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"scopes": ["vaults:everything"]}, 400, "scopes.0"),
        ({"scopes": []}, 400, "scopes"),
        ({"scopes": ["egress"]}, 400, "scopes.0"),
        ({"name": ""}, 400, "name"),
        ({"workspace_id": "wrkspc_other"}, 404, None),
    ],
)
async def test_a_key_that_breaks_a_rule_is_refused_by_field(
    api: Api, body: object, status: int, field: str | None
) -> None:
    assert (await api.refused("POST", "/keys", body, status=status))["field"] == field


async def test_a_key_cannot_make_one_that_may_do_more(api: Api) -> None:
    weak = api.as_key((await api.made("/keys", {"scopes": ["keys:write"]}))["key"])
    for scope in ("vaults:read", "totp:read"):
        assert (await weak.refused("POST", "/keys", {"scopes": [scope]}, status=400))["field"] == "scopes"


async def test_the_first_key_of_an_organization_may_name_the_scope_of_codes_for_another(operator: Api) -> None:
    first = operator.as_key((await operator.made("/organizations", {"name": "codes"}))["api_key"])
    assert "totp:read" not in (await first.got("/me"))["scopes"]
    assert (await first.made("/keys", {"scopes": ["totp:read"]}))["scopes"] == ["totp:read"]


async def test_without_a_key_or_with_a_wrong_one_nothing_is_told(api: Api) -> None:
    for path in ("/me", "/sessions", "/keys", "/organizations", "/audit", "/audit/chains"):
        assert (await api.as_key("").refused("GET", path, status=401))["message"] == "a key is required"
        assert (await api.as_key("srk_wrong").refused("GET", path, status=401))["message"] == "the key is not valid"


async def test_unknown_paths_and_methods_are_answered_in_this_shape(api: Api) -> None:
    assert (await api.refused("GET", "/nothing", status=404))["code"] == "not_found"
    assert (await api.refused("PUT", "/keys", {}, status=405))["code"] == "method_not_allowed"
