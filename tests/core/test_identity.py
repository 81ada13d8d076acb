"""What identity tokens say."""

from datetime import UTC, datetime, timedelta

import pytest

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.agent_identity import AgentIdentity, AgentIdentityDetails, SignedIdentity
from strongroom.core.identity import BACKDATE, CLAIMS, LIFETIME, RENEWED_BEFORE, claims, renew_at
from strongroom.core.ids import (
    CredentialId,
    EnvironmentId,
    KeyId,
    OrganizationId,
    SessionId,
    VaultId,
    WorkspaceId,
)
from strongroom.core.networking import Unrestricted
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent, Session

NOW = datetime(2026, 11, 27, 12, 0, 0, 900_000, tzinfo=UTC)
URL = "https://Tools.example.com/mcp/"


def session() -> Session:
    return Session(
        id=SessionId("sesn_1"),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        agent=Agent(id="agent_1"),
        environment=EnvironmentId("env_1"),
        vaults=(VaultId("vlt_1"),),
        title=None,
        metadata={},
        opened_by=KeyId("key_1"),
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def credential(audience: str | None = None) -> Credential:
    return Credential(
        id=CredentialId("vcrd_1"),
        organization=OrganizationId("org_1"),
        workspace=WorkspaceId("wrkspc_1"),
        vault=VaultId("vlt_1"),
        details=AgentIdentityDetails(mcp_server_url=URL, audience=audience),
        display_name=None,
        metadata={},
        networking=Unrestricted(),
        surfaces=frozenset(),
        created_at=NOW,
        updated_at=NOW,
    )


def said(audience: str | None = None) -> dict[str, object]:
    one = credential(audience)
    details = one.details
    assert isinstance(details, AgentIdentityDetails)
    return dict(claims(session(), one, details, issuer="https://vault.example.com", token_id="idt_1", now=NOW))


def test_a_token_says_who_acts_for_whom_and_where_they_belong() -> None:
    told = said()
    assert told["iss"] == "https://vault.example.com"
    assert told["sub"] == "sesn_1"
    assert told["act"] == {"sub": "agent_1"}
    assert (told["client_id"], told["jti"]) == ("key_1", "idt_1")
    assert (told["organization_id"], told["workspace_id"]) == ("org_1", "wrkspc_1")
    assert (told["vault_id"], told["credential_id"]) == ("vlt_1", "vcrd_1")


def test_every_claim_is_among_those_that_the_metadata_names() -> None:
    assert tuple(said()) == CLAIMS


@pytest.mark.parametrize(("audience", "expected"), [(None, URL), ("urn:tools", "urn:tools")])
def test_a_token_is_for_its_server_or_for_whom_the_credential_names(audience: str | None, expected: str) -> None:
    assert said(audience)["aud"] == expected


def test_a_token_lives_for_minutes_and_servers_whose_clock_is_behind_take_it_at_once() -> None:
    told = said()
    second = int(NOW.timestamp())
    assert told["iat"] == told["nbf"] == second - BACKDATE.total_seconds()
    assert told["exp"] == second + LIFETIME.total_seconds()


def test_another_token_is_used_before_the_first_one_ends() -> None:
    assert renew_at(NOW) == NOW + LIFETIME - RENEWED_BEFORE
    assert timedelta(0) < RENEWED_BEFORE < LIFETIME


def test_a_server_has_one_credential_in_a_vault_whatever_its_kind() -> None:
    details = AgentIdentityDetails(mcp_server_url=URL)
    assert details.unique_key() == "mcp:https://tools.example.com:443/mcp"
    assert not details.variables("x")


def test_what_is_stored_puts_nothing_into_requests_and_what_is_signed_is_a_bearer() -> None:
    stored: Material = AgentIdentity()
    signed: Material = SignedIdentity(token=Secret("t"), signed_at=NOW)
    assert (stored.bearer(), stored.stand_in(), dict(stored.signing())) == (None, None, {})
    assert (signed.bearer(), signed.stand_in(), dict(signed.signing())) == (Secret("t"), None, {})
