from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.core.credentials import Credential
from strongroom.core.credentials.agent_identity import AgentIdentityDetails
from strongroom.core.credentials.base import Details
from strongroom.core.credentials.environment_variable import EnvironmentVariableDetails
from strongroom.core.credentials.static_bearer import StaticBearerDetails
from strongroom.core.ids import CredentialId, EnvironmentId, KeyId, OrganizationId, SessionId, VaultId, WorkspaceId
from strongroom.core.mcp_servers import find, path_of, served
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.networking import Unrestricted
from strongroom.core.sessions import Agent, McpServer, Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE, TWO = VaultId("vlt_1"), VaultId("vlt_2")


def session(*declared: tuple[str, str]) -> Session:
    return Session(
        id=SessionId("sesn_1"),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        agent=Agent(id="a", mcp_servers=tuple(McpServer(name=name, url=url) for name, url in declared)),
        environment=EnvironmentId("env_1"),
        vaults=(TWO, ONE),
        title=None,
        metadata={},
        opened_by=KeyId("key_1"),
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW,
    )


def credential(name: str, url: str | None, vault: VaultId = ONE) -> Credential:
    details: Details = EnvironmentVariableDetails(secret_name="X")
    if url is not None:
        details = StaticBearerDetails(mcp_server_url=url)
    return Credential(
        id=CredentialId(name),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        vault=vault,
        details=details,
        display_name=None,
        metadata={},
        networking=Unrestricted(),
        surfaces=frozenset(),
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_declared_server_gets_the_first_matching_credential_of_the_first_vault() -> None:
    held = [credential("vcrd_1", "https://a.test/mcp"), credential("vcrd_2", "https://A.test:443/mcp/", TWO)]
    (one,) = served(session(("tools", "https://a.test/mcp#x")), held)
    assert (one.name, one.key, one.url, one.credential, one.vault) == (
        "tools",
        "tools",
        "https://a.test/mcp",
        "vcrd_2",
        TWO,
    )


def test_what_is_asked_for_is_what_was_written() -> None:
    held = [credential("vcrd_1", "https://a.test/x/../mcp/?q=%41"), credential("vcrd_2", "https://b.test")]
    assert [each.address.request_target for each in served(session(), held)] == ["/x/../mcp/?q=%41", "/"]


def test_a_declared_server_without_a_credential_is_one_all_the_same() -> None:
    (one,) = served(session(("tools", "https://a.test/mcp")), [credential("vcrd_1", "https://a.test/other")])[:1]
    assert one.credential is None


def test_credentials_for_other_servers_and_of_other_kinds_make_no_server_twice() -> None:
    held = [
        credential("vcrd_1", "https://a.test/mcp"),
        credential("vcrd_2", "https://b.test/mcp"),
        credential("v", None),
    ]
    found = served(session(("tools", "https://a.test/mcp")), held)
    assert [(each.name, each.key) for each in found] == [("tools", "tools"), ("b.test", "vcrd_2")]


def test_a_host_of_two_servers_names_neither() -> None:
    held = [credential("vcrd_1", "https://a.test/1"), credential("vcrd_2", "https://a.test/2")]
    found = served(session(), held)
    assert [each.name for each in found] == ["vcrd_1", "vcrd_2"]
    assert find(found, "a.test") is None
    assert find(found, "vcrd_2") is found[1]


def test_a_host_that_is_somebody_elses_name_does_not_name_a_server() -> None:
    held = [credential("vcrd_1", "https://a.test/1")]
    declared, other = served(session(("a.test", "https://b.test/mcp")), held)
    assert (declared.name, other.name) == ("a.test", "vcrd_1")
    assert find((declared, other), "a.test") is declared


@pytest.mark.parametrize("wanted", ["tools", "vcrd_1", "a.test", "A.TEST"])
def test_a_server_is_found_by_name_credential_and_host(wanted: str) -> None:
    found = served(session(("tools", "https://a.test/mcp")), [credential("vcrd_1", "https://a.test/mcp")])
    assert find(found, wanted) is found[0]


@pytest.mark.parametrize("wanted", ["", "vcrd_2", "test", "x.a.test"])
def test_no_other_name_finds_one(wanted: str) -> None:
    assert find(served(session(), [credential("vcrd_1", "https://a.test/mcp")]), wanted) is None


def test_of_two_declared_with_one_name_the_first_has_it_and_one_that_is_no_url_is_none() -> None:
    found = served(session(("x", "https://a.test/1"), ("x", "https://a.test/2"), ("y", "ftp://a.test")), [])
    assert [each.url for each in found] == ["https://a.test/1"]


def test_a_server_that_knows_agents_by_tokens_of_ours_is_told_apart() -> None:
    url = "https://a.test/mcp"
    identity = replace(credential("vcrd_1", url), details=AgentIdentityDetails(mcp_server_url=url))
    for declared in (session(), session(("tools", url))):
        assert [each.signed for each in served(declared, [identity])] == [True]
        assert [each.signed for each in served(declared, [credential("vcrd_1", url)])] == [False]


def test_a_name_is_one_segment_of_the_path() -> None:
    assert path_of(SessionId("sesn_1"), "a/b ü?") == "/mcp/sesn_1/a%2Fb%20%C3%BC%3F"


def test_what_was_written_is_no_part_of_which_server_is_meant() -> None:
    assert McpUrl.parse("https://a.test/mcp/") == McpUrl.parse("https://A.test:443/mcp")
