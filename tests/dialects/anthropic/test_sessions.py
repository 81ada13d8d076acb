"""Sessions, as far as they bind (contract section 8, cases 118 to 130)."""

from typing import Any

import anthropic
import pytest

from strongroom.core.failures import NotAuthenticated
from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.credential_bodies import variable
from tests.dialects.anthropic.sdk import Sent, connected, told
from tests.dialects.stage import SENTINEL, Raw, Stage, Tenant

HERE = "/v1/sessions"
SERVER = {"name": "tools", "type": "url", "url": "https://mcp.example.com/mcp"}


@pytest.fixture
def environment(raw: Raw) -> str:
    """The id of an unrestricted environment."""
    return str(raw.made("/v1/environments", {"name": "n"})["id"])


@pytest.fixture
def session(raw: Raw, environment: str) -> str:
    """The path of a session."""
    return f"{HERE}/{raw.made(HERE, {'agent': 'a', 'environment_id': environment})['id']}"


def overriding(**fields: object) -> dict[str, Any]:
    return {"type": "agent_with_overrides", "id": "a", **fields}


@covers("A118")
def test_the_strict_client_opens_a_session_over_two_vaults(
    raw: Raw, sdk: anthropic.Anthropic, environment: str, stage: Stage
) -> None:
    vaults = [raw.made("/v1/vaults", {"display_name": "v"})["id"] for _ in range(2)]
    raw.made(f"/v1/vaults/{vaults[0]}/credentials", variable("GITHUB_TOKEN"))
    session = sdk.beta.sessions.create(agent="agent_1", environment_id=environment, vault_ids=vaults, title="t")
    assert session.id.startswith("sesn_01")
    assert (session.status, session.vault_ids, session.title) == ("idle", vaults, "t")
    assert (session.agent.id, session.agent.name, session.agent.version) == ("agent_1", "agent_1", 1)
    assert session.agent.model.id == "external"
    assert (session.resources, session.agent.mcp_servers, session.budget) == ([], [], None)
    egress = session.to_dict()["egress"]
    assert isinstance(egress, dict)
    assert egress["env"]["GITHUB_TOKEN"].startswith("srp_")
    assert egress["env"]["HTTPS_PROXY"] == egress["proxy_url"]
    assert egress["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    swaps = stage.plan(str(egress["proxy_url"]), "api.github.com").swaps
    assert [swap.placeholder for swap in swaps] == [egress["env"]["GITHUB_TOKEN"]]
    again = sdk.beta.sessions.retrieve(session.id)
    assert "egress" not in again.to_dict()
    assert again.vault_ids == vaults


@covers("A119")
def test_a_session_needs_no_vault(sdk: anthropic.Anthropic, environment: str) -> None:
    assert sdk.beta.sessions.create(agent="a", environment_id=environment).vault_ids == []


def test_vaults_are_kept_as_they_were_given(raw: Raw, environment: str, vault: str) -> None:
    twice = [vault.rpartition("/")[2]] * 2
    made = raw.made(HERE, {"agent": "a", "environment_id": environment, "vault_ids": twice})
    assert made["vault_ids"] == twice
    raw.call("DELETE", vault)
    assert raw.get(f"{HERE}/{made['id']}").json()["vault_ids"] == twice


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("a", {}),
        ({"type": "agent", "id": "a", "version": 7}, {"version": 7}),
        (overriding(), {}),
        (overriding(model="m", system="s"), {"model": {"id": "m"}, "system": "s"}),
        (overriding(model={"id": "m", "effort": "high"}, system=None), {"model": {"id": "m"}}),
        (overriding(mcp_servers=[SERVER], tools=[{"type": "mcp_toolset"}], skills=[]), {"mcp_servers": [SERVER]}),
    ],
)
def test_an_agent_is_echoed_and_filled_in(raw: Raw, environment: str, agent: object, shown: dict[str, Any]) -> None:
    filled = {
        "id": "a",
        "type": "agent",
        "name": "a",
        "version": 1,
        "model": {"id": "external"},
        "description": None,
        "system": None,
        "mcp_servers": [],
        "skills": [],
        "tools": [],
        "multiagent": None,
        "execution_identity": {"type": "service_account"},
    }
    assert raw.made(HERE, {"agent": agent, "environment_id": environment})["agent"] == filled | shown


@covers("A130")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"agent": None}, "agent"),
        ({"agent": ""}, "agent"),
        ({"agent": {"id": "a"}}, "agent"),
        ({"agent": {"type": "agent", "id": ""}}, "agent.id"),
        ({"agent": {"type": "agent", "id": "a", "version": 0}}, "agent.version"),
        ({"agent": {"type": "agent", "id": "a", "version": "1"}}, "agent.version"),
        ({"agent": {"type": "agent", "id": "a", "version": 10**30}}, "agent.version"),
        ({"agent": {"type": "agent", "id": "a", "mcp_servers": []}}, "agent.mcp_servers"),
        ({"agent": overriding(system="x" * 100_001)}, "agent.system"),
        ({"agent": overriding(mcp_servers=[SERVER | {"url": "nowhere"}])}, "agent.mcp_servers.0.url"),
        ({"agent": overriding(mcp_servers=[SERVER | {"name": ""}])}, "agent.mcp_servers.0.name"),
        ({"agent": overriding(mcp_servers=[SERVER | {"authorization_token": SENTINEL}])}, "agent.mcp_servers.0"),
        ({"environment_id": None}, "environment_id"),
        ({"environment_id": 1}, "environment_id"),
        ({"vault_ids": None}, "vault_ids"),
        ({"vault_ids": ["v"] * 51}, "vault_ids"),
        ({"vault_ids": [1]}, "vault_ids.0"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"title": 1}, "title"),
        ({"budget": {"max_list_cost": "1"}}, "budget"),
        ({"initial_events": [{"type": "user.message"}]}, "initial_events"),
        ({"resources": [{"type": "file", "file_id": SENTINEL}]}, "resources"),
        ({"deployment_id": "d"}, "deployment_id"),
    ],
)
def test_a_session_that_breaks_a_rule_is_refused(
    raw: Raw, environment: str, body: dict[str, object], field: str
) -> None:
    whole = {"agent": "a", "environment_id": environment, **body}
    assert raw.refused("POST", HERE, whole)["message"].startswith(f"{field}")
    assert raw.get(HERE).json()["data"] == []


def test_what_is_empty_may_be_sent(raw: Raw, environment: str) -> None:
    empty: dict[str, object] = {"budget": None, "initial_events": [], "resources": [], "title": None, "metadata": None}
    assert raw.made(HERE, {"agent": "a", "environment_id": environment, **empty})["title"] is None
    raw.made(HERE, {"agent": "a", "environment_id": environment, "budget": {}})


@covers("A120")
def test_an_unknown_vault_is_named(raw: Raw, sdk: anthropic.Anthropic, environment: str) -> None:
    error = told(
        lambda: sdk.beta.sessions.create(agent="a", environment_id=environment, vault_ids=["vlt_none"]),
        anthropic.NotFoundError,
    )
    assert error["message"] == "vault vlt_none not found"
    missing = raw.refused("POST", HERE, {"agent": "a", "environment_id": "env_none"}, status=404)
    assert missing["message"] == "environment env_none not found"


@covers("A121")
def test_archived_vaults_and_environments_take_no_new_sessions(raw: Raw, environment: str, vault: str) -> None:
    body = {"agent": "a", "environment_id": environment, "vault_ids": [vault.rpartition("/")[2]]}
    raw.made(HERE, body)
    raw.made(f"{vault}/archive")
    assert "archived" in raw.refused("POST", HERE, body)["message"]
    raw.made(f"/v1/environments/{environment}/archive")
    error = raw.refused("POST", HERE, {"agent": "a", "environment_id": environment})
    assert error["details"] == {"error_code": "environment_archived"}


@covers("A122")
def test_a_limited_environment_must_know_the_agents_servers(raw: Raw) -> None:
    def opened(*hosts: str, flag: bool) -> int:
        network = {"type": "limited", "allowed_hosts": list(hosts), "allow_mcp_servers": flag}
        config = {"type": "cloud", "networking": network}
        environment = raw.made("/v1/environments", {"name": "n", "config": config})["id"]
        body = {"agent": overriding(mcp_servers=[SERVER]), "environment_id": environment}
        return raw.post(HERE, body).status_code

    assert opened(flag=False) == 400
    assert opened("example.com", flag=False) == 400
    assert opened("mcp.example.com", flag=False) == 200
    assert opened("*.example.com", flag=False) == 200
    assert opened(flag=True) == 200


@covers("A123")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"vault_ids": []}, "vault_ids"),
        ({"vault_ids": None}, "vault_ids"),
        ({"budget": {"max_list_cost": "1"}}, "budget"),
        ({"agent": {"tools": [{"type": "custom"}]}}, "agent.tools"),
        ({"agent": None}, "agent"),
        ({"agent": "b"}, "agent"),
        ({"environment_id": "env_other"}, "environment_id"),
    ],
)
def test_what_a_session_is_bound_to_cannot_change(raw: Raw, session: str, body: dict[str, object], field: str) -> None:
    before = raw.get(session).json()
    assert raw.refused("POST", session, body)["message"].startswith(f"{field}: ")
    assert raw.get(session).json() == before


@covers("A124")
def test_title_metadata_and_servers_can_change(raw: Raw, session: str, sdk: anthropic.Anthropic) -> None:
    id_ = session.rpartition("/")[2]
    assert sdk.beta.sessions.update(id_, title="t", metadata={"a": "1", "b": "2"}).title == "t"
    assert sdk.beta.sessions.update(id_, metadata={"a": None, "c": ""}).metadata == {"b": "2", "c": ""}
    assert raw.made(session, {"agent": {"mcp_servers": [SERVER]}})["agent"]["mcp_servers"] == [SERVER]
    before = raw.get(session).json()
    same: dict[str, object] = {"title": None, "metadata": None, "budget": None, "agent": {"tools": []}}
    assert raw.made(session, same) == before
    assert raw.made(session, {"agent": {"mcp_servers": []}})["agent"]["mcp_servers"] == []


@covers("A125")
def test_the_filters_that_the_client_writes_are_read(tenant: Tenant, environment: str) -> None:
    sent: Sent = []
    with connected(tenant, sent) as sdk:
        first, second, third = (
            sdk.beta.sessions.create(agent={"type": "agent", "id": agent, "version": 2}, environment_id=environment)
            for agent in ("a", "b", "a")
        )
        sdk.beta.sessions.archive(third.id)

        def listed(**query: Any) -> list[str]:  # noqa: ANN401 - the client's own parameters
            return [session.id for session in sdk.beta.sessions.list(**query)]

        assert listed(statuses=["idle", "running"], created_at_gt=first.created_at) == [second.id]
        assert listed(statuses=["idle"]) == [second.id, first.id]
        assert listed(statuses=["terminated"]) == []
        assert listed(statuses=["terminated"], include_archived=True) == [third.id]
        assert listed(statuses=["terminated", "idle"], include_archived=True) == [third.id, second.id, first.id]
        assert listed(statuses=["running", "rescheduling"], include_archived=True) == []
        assert listed(created_at_gte=first.created_at, created_at_lt=second.created_at) == [first.id]
        assert listed(created_at_lte=second.created_at, order="asc") == [first.id, second.id]
        assert listed(agent_id="b", agent_version=2) == [second.id]
        assert listed(agent_id="b", agent_version=3) == []
        assert listed(deployment_id="d") == []
        assert listed(memory_store_id="m") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("order=newest", "order"),
        ("statuses[]=asleep", "statuses[].0"),
        ("created_at[gt]=yesterday", "created_at[gt]"),
        ("created_at[lte]=2026-01-01T00:00:00", "created_at[lte]"),
        ("agent_version=0", "agent_version"),
        ("agent_version=" + "9" * 20, "agent_version"),
    ],
)
def test_a_filter_that_breaks_a_rule_is_refused(raw: Raw, query: str, field: str) -> None:
    assert raw.refused("GET", f"{HERE}?{query}")["message"].startswith(f"{field}: ")


@covers("A126", "A127")
def test_pages_lead_on_and_back_in_their_own_order(raw: Raw, environment: str) -> None:
    made = [raw.made(HERE, {"agent": "a", "environment_id": environment})["id"] for _ in range(5)]
    for order, rows in (("asc", made), ("desc", made[::-1])):

        def page(token: str | None = None, order: str = order) -> dict[str, Any]:
            answer = raw.get(f"{HERE}?limit=2&order={order}" + (f"&page={token}" if token else ""))
            shown: dict[str, Any] = answer.json()
            return shown

        first = page()
        second = page(first["next_page"])
        third = page(second["next_page"])
        ids = [[row["id"] for row in each["data"]] for each in (first, second, third)]
        assert ids == [rows[:2], rows[2:4], rows[4:]]
        assert (first["prev_page"], third["next_page"]) == (None, None)
        back = page(third["prev_page"])
        assert [row["id"] for row in back["data"]] == rows[2:4]
        start = page(back["prev_page"])
        assert [row["id"] for row in start["data"]] == rows[:2]
        assert start["prev_page"] is None
        assert [row["id"] for row in page(start["next_page"])["data"]] == rows[2:4]
        other = "desc" if order == "asc" else "asc"
        raw.refused("GET", f"{HERE}?order={other}&page={first['next_page']}")


@covers("A128")
def test_an_archived_session_has_ended(raw: Raw, sdk: anthropic.Anthropic, stage: Stage, environment: str) -> None:
    made = raw.made(HERE, {"agent": "a", "environment_id": environment})
    stage.plan(made["egress"]["proxy_url"], "api.example.com")
    archived = sdk.beta.sessions.archive(made["id"])
    assert archived.archived_at is not None
    assert archived.status == "terminated"
    assert sdk.beta.sessions.archive(made["id"]) == archived
    assert list(sdk.beta.sessions.list()) == []
    raw.refused("POST", f"{HERE}/{made['id']}", {"title": "t"})


@covers("A128")
def test_an_ended_sessions_placeholders_are_worth_nothing(raw: Raw, stage: Stage, environment: str) -> None:
    made = raw.made(HERE, {"agent": "a", "environment_id": environment})
    raw.made(f"{HERE}/{made['id']}/archive")
    with pytest.raises(NotAuthenticated):
        stage.plan(made["egress"]["proxy_url"], "api.example.com")


@covers("A129")
def test_a_deleted_session_is_gone_and_its_vaults_are_not(
    raw: Raw, sdk: anthropic.Anthropic, environment: str, vault: str
) -> None:
    made = raw.made(HERE, {"agent": "a", "environment_id": environment, "vault_ids": [vault.rpartition("/")[2]]})
    deleted = sdk.beta.sessions.delete(made["id"])
    assert deleted.to_dict() == {"id": made["id"], "type": "session_deleted"}
    assert raw.refused("GET", f"{HERE}/{made['id']}", status=404)["message"] == f"session {made['id']} not found"
    raw.refused("DELETE", f"{HERE}/{made['id']}", status=404)
    assert raw.get(vault).status_code == 200


def test_another_workspaces_session_is_not_found(raw: Raw, stage: Stage, session: str) -> None:
    other = stage.tenant().raw()
    for method, path, body in (
        ("GET", session, None),
        ("POST", session, {}),
        ("POST", f"{session}/archive", None),
        ("DELETE", session, None),
    ):
        other.refused(method, path, body, status=404)
    assert raw.get(session).json()["status"] == "idle"
