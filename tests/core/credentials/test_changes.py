"""What a change does to a credential's secrets, which no answer shows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.changes import (
    CredentialChange,
    EnvironmentVariableChange,
    KindChange,
    McpOAuthChange,
    RefreshChange,
    StaticBearerChange,
)
from strongroom.core.credentials.environment_variable import EnvironmentVariable, EnvironmentVariableDetails
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, OrganizationId, VaultId, WorkspaceId
from strongroom.core.networking import Limited, Unrestricted
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface

THEN = datetime(2026, 1, 1, tzinfo=UTC)
OLD = McpOAuth(access_token=Secret("a1"), refresh_token=Secret("r1"), client_secret=Secret("c1"))
REFRESH = Refresh(client_id="c", token_endpoint="https://t", token_endpoint_auth=ClientAuth.POST, scope="read")
VARIABLE = Credential(
    id=CredentialId("vcrd_1"),
    organization=OrganizationId("org_1"),
    workspace=WorkspaceId("wrkspc_1"),
    vault=VaultId("vlt_1"),
    details=EnvironmentVariableDetails(secret_name="TOKEN"),
    display_name=None,
    metadata={"a": "1"},
    networking=Unrestricted(),
    surfaces=frozenset({Surface.HEADER, Surface.BODY, Surface.QUERY}),
    created_at=THEN,
    updated_at=THEN,
)
OAUTH = replace(VARIABLE, details=McpOAuthDetails(mcp_server_url="https://m", expires_at=THEN, refresh=REFRESH))
BEARER = replace(VARIABLE, details=StaticBearerDetails(mcp_server_url="https://m"))


def applied(auth: KindChange, credential: Credential, stored: Material) -> tuple[Credential, Material | None]:
    """Apply a change as the use case does: the stored secret is there only if it is asked for."""
    change = CredentialChange(auth=auth)
    return change.applied(credential, stored if change.needs_material else None)


@pytest.mark.parametrize(
    ("auth", "renewed"),
    [
        (McpOAuthChange(), None),
        (McpOAuthChange(expires_at=THEN, refresh=RefreshChange(scope="x")), None),
        (McpOAuthChange(refresh=RefreshChange(client_auth=ClientAuth.BASIC)), None),
        (McpOAuthChange(access_token=Secret("a2")), replace(OLD, access_token=Secret("a2"))),
        (
            McpOAuthChange(refresh=RefreshChange(refresh_token=Secret("r2"))),
            replace(OLD, refresh_token=Secret("r2")),
        ),
        (
            McpOAuthChange(refresh=RefreshChange(client_auth=ClientAuth.BASIC, client_secret=Secret("c2"))),
            replace(OLD, client_secret=Secret("c2")),
        ),
    ],
)
def test_a_new_secret_is_put_beside_the_ones_that_stay(auth: McpOAuthChange, renewed: McpOAuth | None) -> None:
    after, material = applied(auth, OAUTH, OLD)
    assert material == renewed
    assert isinstance(after.details, McpOAuthDetails)
    assert after.details.refresh is not None
    assert after.details.refresh.token_endpoint_auth is ClientAuth.POST


def test_a_bearer_token_is_replaced_without_opening_the_old_one() -> None:
    change = StaticBearerChange(token=Secret("new"))
    assert not change.needs_material
    assert applied(change, BEARER, StaticBearer(token=Secret("old"))) == (BEARER, StaticBearer(token=Secret("new")))


def test_a_value_is_opened_only_where_a_header_is_switched_on_for_it() -> None:
    def needs(value: Secret | None = None, **surfaces: bool) -> bool:
        named = {Surface(name): on for name, on in surfaces.items()}
        return EnvironmentVariableChange(value=value, surfaces=named).needs_material

    assert needs(header=True)
    assert not needs(header=False)
    assert not needs(body=True)
    assert not needs(Secret("v"), header=True)


def test_surfaces_that_are_not_named_stay_and_one_must_be_left() -> None:
    stored = EnvironmentVariable(value=Secret("v"))
    after, _ = applied(EnvironmentVariableChange(surfaces={Surface.BODY: False}), VARIABLE, stored)
    assert after.surfaces == {Surface.HEADER, Surface.QUERY}
    with pytest.raises(Invalid):
        applied(EnvironmentVariableChange(surfaces=dict.fromkeys(Surface, False)), VARIABLE, stored)


def test_a_stored_value_with_a_line_break_keeps_the_header_off() -> None:
    body_only = replace(VARIABLE, surfaces=frozenset({Surface.BODY}))
    stored = EnvironmentVariable(value=Secret("a\nb"))
    with pytest.raises(Invalid):
        applied(EnvironmentVariableChange(surfaces={Surface.HEADER: True}), body_only, stored)


def test_hosts_are_replaced_whole_and_capped() -> None:
    stored = EnvironmentVariable(value=Secret("v"))
    limited = replace(VARIABLE, networking=Limited(HostSet.parse(["a.com", "b.com"])))
    only = Limited(HostSet.parse(["c.com"]))
    assert applied(EnvironmentVariableChange(networking=only, surfaces={}), limited, stored)[0].networking == only
    seventeen = Limited(HostSet.parse(f"h{n}.com" for n in range(17)))
    with pytest.raises(Invalid):
        applied(EnvironmentVariableChange(networking=seventeen, surfaces={}), limited, stored)


@pytest.mark.parametrize("auth", [StaticBearerChange(), McpOAuthChange()])
def test_the_kind_never_changes(auth: KindChange) -> None:
    with pytest.raises(Invalid) as refused:
        CredentialChange(auth=auth).applied(VARIABLE, None)
    assert refused.value.field == "auth.type"


def test_an_empty_change_gives_the_same_credential() -> None:
    assert CredentialChange().applied(VARIABLE, None) == (VARIABLE, None)
