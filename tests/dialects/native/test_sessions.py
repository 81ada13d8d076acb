"""Sessions by name and default, what they show, and how they end."""

from datetime import datetime, timedelta

import pytest

from strongroom.assembly.egress import Egress
from strongroom.core.secret import Secret
from strongroom.wiring import House
from tests.dialects.native.api import VALUE, Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_gives_its_agent_everything_and_no_secret(api: Api) -> None:
    vault = await api.vault("default")
    await api.variable(vault, "TOKEN")
    session = await api.made("/sessions", {"vaults": ["default"], "title": "t", "metadata": {"a": "b"}})
    assert (session["vault_ids"], session["title"], session["metadata"]) == ([vault], "t", {"a": "b"})
    assert session["status"] == "idle"
    egress = session["egress"]
    assert egress["placeholders"] == ["TOKEN"]
    assert egress["env"]["TOKEN"].startswith("srp_")
    assert egress["env"]["HTTPS_PROXY"] == egress["proxy_url"]
    assert f":{egress['token']}@" in egress["proxy_url"]
    assert egress["mcp_servers"] == []
    assert "BEGIN CERTIFICATE" in egress["ca_certificate"]
    assert VALUE not in str(session)
    shown = await api.got(f"/sessions/{session['id']}")
    assert "egress" not in shown
    assert egress["token"] not in str(shown)
    assert shown["uses"] == []


async def test_without_vaults_the_one_named_default_is_meant(api: Api) -> None:
    await api.vault("other")
    default = await api.vault("default")
    assert (await api.made("/sessions", {}))["vault_ids"] == [default]


async def test_without_vaults_the_only_one_is_meant(api: Api) -> None:
    only = await api.vault("whatever")
    assert (await api.made("/sessions", {}))["vault_ids"] == [only]


async def test_where_it_is_not_clear_which_vault_is_meant_those_there_are_are_named(api: Api) -> None:
    first, second = await api.vault("a"), await api.vault("b")
    refused = await api.refused("POST", "/sessions", {}, status=400)
    assert refused["field"] == "vaults"
    assert all(word in refused["message"] for word in (f"a ({first})", f"b ({second})"))


async def test_without_any_vault_a_newcomer_is_told_how_to_store_a_secret(api: Api) -> None:
    refused = await api.refused("POST", "/sessions", {}, status=400)
    assert "strongroom credential add" in refused["message"]
    assert (await api.made("/sessions", {"vaults": []}))["vault_ids"] == []


async def test_a_name_that_several_vaults_have_is_refused_with_their_ids(api: Api) -> None:
    ids = [await api.vault("twin"), await api.vault("twin")]
    refused = await api.refused("POST", "/sessions", {"vaults": ["twin"]}, status=400)
    assert refused["field"] == "vaults.0"
    assert all(id_ in refused["message"] for id_ in ids)
    assert (await api.made("/sessions", {"vaults": ids}))["vault_ids"] == ids


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"vaults": ["nobody"]}, 400, "vaults.0"),
        ({"vaults": [], "environment": "nobody"}, 400, "environment"),
        ({"vaults": ["vlt_unknown"]}, 404, None),
        ({"vaults": [], "environment": "env_unknown"}, 404, None),
        ({"vaults": [], "expires_in": 0}, 400, "expires_in"),
        ({"vaults": [], "expires_in": "60"}, 400, "expires_in"),
        ({"vaults": [], "expires_in": 31 * 86400}, 400, "expires_in"),
        ({"vaults": [], "vault": "x"}, 400, "vault"),
        ({"vaults": ["v"] * 51}, 400, "vaults"),
        ({"vaults": [], "mcp_tools": {"nobody": ["x"]}}, 400, "mcp_tools"),
        ({"vaults": [], "mcp_tools": {"https://a.test/mcp": [""]}}, 400, "mcp_tools"),
        ([], 400, "body"),
    ],
)
async def test_a_session_that_breaks_a_rule_is_refused_by_field(
    api: Api, body: object, status: int, field: str | None
) -> None:
    assert (await api.refused("POST", "/sessions", body, status=status))["field"] == field


async def test_a_session_may_use_some_tools_of_a_server_only_and_says_so(api: Api) -> None:
    vault = await api.vault("v")
    identity = await api.made(f"/vaults/{vault}/agent-identities", {"mcp_server_url": "https://Tools.test/mcp/"})
    tools = {identity["id"]: ["search"], "https://other.test/mcp": []}
    session = await api.made("/sessions", {"vaults": [vault], "mcp_tools": tools})
    expected = {"https://tools.test:443/mcp": ["search"], "https://other.test:443/mcp": []}
    assert session["mcp_tools"] == expected
    assert (await api.got(f"/sessions/{session['id']}"))["mcp_tools"] == expected
    assert (await api.made("/sessions", {"vaults": [vault]}))["mcp_tools"] == {}


async def test_a_credential_of_another_vault_means_no_server(api: Api) -> None:
    vault, other = await api.vault("v"), await api.vault("other")
    identity = await api.made(f"/vaults/{other}/agent-identities", {"mcp_server_url": "https://tools.test/mcp"})
    body = {"vaults": [vault], "mcp_tools": {identity["id"]: ["search"]}}
    assert (await api.refused("POST", "/sessions", body, status=400))["field"] == "mcp_tools"


async def test_a_session_expires_when_it_was_asked_to(api: Api) -> None:
    session = await api.made("/sessions", {"vaults": [], "expires_in": 60})
    created, expires = (datetime.fromisoformat(session[name]) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(seconds=60)


async def test_an_ended_session_is_terminated_and_off_the_list(api: Api) -> None:
    session = (await api.made("/sessions", {"vaults": []}))["id"]
    assert [row["id"] for row in (await api.got("/sessions"))["data"]] == [session]
    ended = await api.made(f"/sessions/{session}/end")
    assert ended["status"] == "terminated"
    assert await api.made(f"/sessions/{session}/end") == ended
    assert (await api.got("/sessions"))["data"] == []
    assert [row["id"] for row in (await api.got("/sessions?include_archived=true"))["data"]] == [session]


async def test_pages_of_sessions_neither_repeat_nor_skip(api: Api) -> None:
    opened = [(await api.made("/sessions", {"vaults": []}))["id"] for _ in range(5)]
    seen: list[str] = []
    page = ""
    while True:
        answer = await api.got(f"/sessions?limit=2{page}")
        seen += [row["id"] for row in answer["data"]]
        if answer["next_page"] is None:
            break
        page = f"&page={answer['next_page']}"
    assert seen == opened[::-1]
    assert (await api.refused("GET", "/sessions?page=page_forged", status=400))["field"] == "page"


async def test_events_are_what_was_decided_and_used_oldest_first(api: Api, house: House) -> None:
    await api.vault("default")
    session = (await api.made("/sessions", {}))["id"]
    await api.made(f"/sessions/{session}/end")
    assert isinstance(house.egress, Egress)
    await house.egress.meter.flush()
    events = (await api.got(f"/sessions/{session}/events"))["data"]
    decided = [(event["type"], event["action"], event["outcome"]) for event in events]
    assert ("decision", "session.create", "allowed") in decided
    assert decided.index(("decision", "session.create", "allowed")) < decided.index(
        ("decision", "session.archive", "allowed")
    )
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


async def test_what_the_proxy_refused_is_shown_and_among_the_events(api: Api, house: House) -> None:
    assert isinstance(house.egress, Egress)
    await api.vault("default")
    session = await api.made("/sessions", {})
    live = await house.egress.delivery.enter(Secret(session["egress"]["proxy_url"].split(":")[2].split("@")[0]))
    live.turned_away("host_not_allowed", "a.test")
    live.turned_away("bad_request", "")
    await house.egress.meter.flush()
    live.turned_away("host_not_allowed", "a.test")
    await house.egress.meter.flush()
    shown = (await api.got(f"/sessions/{session['id']}"))["refusals"]
    assert [(row["code"], row["host"], row["count"]) for row in shown] == [
        ("host_not_allowed", "a.test", 2),
        ("bad_request", None, 1),
    ]
    assert shown[0]["first_at"] < shown[0]["last_at"]
    events = (await api.got(f"/sessions/{session['id']}/events"))["data"]
    refused = [event for event in events if event["type"] == "refusal"]
    assert {(event["code"], event["count"], event["at"]) for event in refused} == {
        ("host_not_allowed", 2, shown[0]["last_at"]),
        ("bad_request", 1, shown[1]["last_at"]),
    }


async def test_another_tenants_session_answers_as_if_it_were_not_there(api: Api, operator: Api) -> None:
    session = (await api.made("/sessions", {"vaults": []}))["id"]
    for method, path in (("GET", ""), ("POST", "/end"), ("GET", "/events")):
        refused = await operator.refused(method, f"/sessions/{session}{path}", status=404)
        assert refused["code"] == "not_found"
    assert (await api.got(f"/sessions/{session}"))["status"] == "idle"


async def test_a_repeated_create_opens_one_session_and_answers_its_token_again(api: Api) -> None:
    body: dict[str, object] = {"vaults": []}
    first = await api.ask("POST", "/sessions", body, idempotency_key="k")
    second = await api.ask("POST", "/sessions", body, idempotency_key="k")
    assert first.json() == second.json()
    assert len((await api.got("/sessions"))["data"]) == 1


@pytest.mark.parametrize(("field", "noun"), [("vaults", "vault"), ("environment", "environment")])
async def test_a_name_that_nothing_has_is_named(api: Api, field: str, noun: str) -> None:
    wanted: object = ["nope"] if field == "vaults" else "nope"
    await api.vault("default")
    refused = await api.refused("POST", "/sessions", {field: wanted}, status=400)
    assert refused["message"].endswith(f": no active {noun} is named nope")


async def test_a_name_that_several_have_is_named_with_their_ids(api: Api) -> None:
    first, second = await api.vault("twin"), await api.vault("twin")
    refused = await api.refused("POST", "/sessions", {"vaults": ["twin"]}, status=400)
    assert "several vaults are named twin, name one by its id: " in refused["message"]
    assert first in refused["message"]
    assert second in refused["message"]
