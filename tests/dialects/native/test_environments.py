"""Environments with what the vendor's shape has no words for."""

import pytest

from tests.dialects.native.api import VENDOR, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITED = {"type": "limited", "allowed_hosts": ["a.test"], "allow_mcp_servers": False, "allow_package_managers": True}


async def test_an_environment_reports_strays_unless_it_asks_for_refusal(api: Api) -> None:
    plain = await api.made("/environments", {"name": "plain"})
    assert (plain["stray_placeholders"], plain["config"]["networking"]) == ("report", {"type": "unrestricted"})
    body = {"name": "strict", "config": {"networking": LIMITED}, "stray_placeholders": "refuse", "metadata": {"a": "b"}}
    strict = await api.made("/environments", body)
    assert strict["stray_placeholders"] == "refuse"
    assert strict["config"] == {"type": "cloud", "networking": LIMITED}
    assert await api.got("/environments/strict") == strict
    assert await api.got(f"/environments/{strict['id']}") == strict
    assert (await api.got("/environments"))["data"] == [strict, plain]


async def test_what_a_change_leaves_out_stays(api: Api) -> None:
    body = {"name": "e", "description": "d", "config": {"networking": LIMITED}, "metadata": {"a": "b", "c": "d"}}
    made = await api.made("/environments", body)
    one = f"/environments/{made['id']}"
    assert (await api.made(one, {"stray_placeholders": "refuse"})) | {"updated_at": "", "stray_placeholders": ""} == (
        made | {"updated_at": "", "stray_placeholders": ""}
    )
    changed = await api.made(one, {"config": {"networking": {"type": "limited", "allowed_hosts": ["b.test"]}}})
    assert changed["config"]["networking"] == LIMITED | {"allowed_hosts": ["b.test"]}
    assert changed["stray_placeholders"] == "refuse"
    changed = await api.made(one, {"description": None, "metadata": {"a": None}})
    assert (changed["description"], changed["metadata"]) == (None, {"c": "d"})


async def test_the_vendors_api_neither_shows_nor_changes_it(api: Api) -> None:
    made = await api.made("/environments", {"name": "e", "stray_placeholders": "refuse"})
    headers = {"x-api-key": api.key, **VENDOR}
    there = f"/v1/environments/{made['id']}"
    shown = await api.http.post(there, json={"description": "d"}, headers=headers)
    assert "stray_placeholders" not in shown.json()
    refused = await api.http.post(there, json={"stray_placeholders": "report"}, headers=headers)
    assert refused.status_code == 400
    assert (await api.got(f"/environments/{made['id']}"))["stray_placeholders"] == "refuse"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "e", "stray_placeholders": "forgive"}, "stray_placeholders"),
        ({"name": "e", "config": {"networking": {"type": "open"}}}, "config.networking"),
        (
            {"name": "e", "config": {"networking": {"type": "limited", "allowed_hosts": ["a b"]}}},
            "config.networking.allowed_hosts.0",
        ),
        ({"name": "e", "config": {"type": "self_hosted"}}, "config.type"),
        ({"name": "e", "hosts": []}, "hosts"),
    ],
)
async def test_an_environment_that_breaks_a_rule_is_refused_by_field(
    api: Api, body: dict[str, object], field: str
) -> None:
    refused = await api.refused("POST", "/environments", body, status=400)
    assert refused["field"].startswith(field)


async def test_another_tenants_environment_answers_as_if_it_were_not_there(api: Api, operator: Api) -> None:
    made = (await api.made("/environments", {"name": "mine"}))["id"]
    await operator.refused("GET", f"/environments/{made}", status=404)
    await operator.refused("POST", f"/environments/{made}", {"stray_placeholders": "refuse"}, status=404)
    assert (await operator.refused("GET", "/environments/mine", status=400))["field"] == "environment"
