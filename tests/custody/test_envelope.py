from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom.core.actions import ALL_SCOPES, SESSION_SCOPES, Action
from strongroom.core.credentials import Credential
from strongroom.core.credentials.environment_variable import EnvironmentVariable, EnvironmentVariableDetails
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import Unreadable
from strongroom.core.grants import Granted, Principal, Target, decide
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, OrganizationId, PrincipalId, VaultId, WorkspaceId
from strongroom.core.networking import Limited, Unrestricted
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.crypto.keyring import KeyRing
from strongroom.custody import CUSTODIANS, EnvelopeCustodian
from strongroom.custody.kek.local import LocalKek
from strongroom.services.ports import Custodian, Custody
from strongroom.testing.entropy import CountingEntropy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORKSPACE = WorkspaceId("wrkspc_1")
MATERIAL = StaticBearer(token=Secret("the token"))
CREDENTIAL = Credential(
    id=CredentialId("vcrd_1"),
    organization=OrganizationId("org_1"),
    workspace=WORKSPACE,
    vault=VaultId("vlt_1"),
    details=StaticBearerDetails(mcp_server_url="https://mcp.example.com"),
    display_name=None,
    metadata={},
    networking=Unrestricted(),
    surfaces=frozenset(Surface),
    created_at=NOW,
    updated_at=NOW,
)


def granted(credential: Credential, **changes: object) -> Granted:
    target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
    changed = replace(target, **changes)  # type: ignore[arg-type]  # a test says which field is wrong
    principal = Principal(
        id=PrincipalId("key_1"),
        organization=credential.organization,
        workspace=changed.workspace,
        scopes=ALL_SCOPES | SESSION_SCOPES,
    )
    answer = decide(principal, Action.CREDENTIAL_USE, changed, NOW)
    assert isinstance(answer, Granted)
    return answer


def custodian(root: str = "root") -> EnvelopeCustodian:
    holder = LocalKek(key=CountingEntropy(label=root)(32), entropy=CountingEntropy(label="wraps"))
    return EnvelopeCustodian(keyring=KeyRing(holders={1: holder}, entropy=CountingEntropy(label="seals")))


async def kept(credential: Credential = CREDENTIAL) -> Custody:
    return await custodian().keep(granted(credential), credential, MATERIAL)


async def test_what_is_kept_opens_again() -> None:
    custody = await kept()
    assert await custodian().open(granted(CREDENTIAL), CREDENTIAL, custody) == MATERIAL
    assert (custody.custodian, custody.revision) == ("strongroom", 1)
    assert b"the token" not in custody.receipt


async def test_a_description_changed_later_does_not_lose_the_material() -> None:
    changed = replace(CREDENTIAL, revision=5, display_name="Renamed")
    assert await custodian().open(granted(changed), changed, await kept()) == MATERIAL


@pytest.mark.parametrize(
    "other",
    [
        replace(CREDENTIAL, id=CredentialId("vcrd_2")),
        replace(CREDENTIAL, vault=VaultId("vlt_2")),
        replace(CREDENTIAL, networking=Limited(HostSet.parse(["evil.example.com"]))),
        replace(CREDENTIAL, surfaces=frozenset({Surface.HEADER})),
        replace(CREDENTIAL, details=StaticBearerDetails(mcp_server_url="https://evil.example.com")),
        replace(CREDENTIAL, organization=OrganizationId("org_2")),
        replace(CREDENTIAL, details=EnvironmentVariableDetails(secret_name="TOKEN")),
    ],
    ids=["credential", "vault", "hosts", "surfaces", "server", "organization", "kind"],
)
async def test_a_receipt_moved_to_another_row_stays_shut(other: Credential) -> None:
    with pytest.raises(Unreadable):
        await custodian().open(granted(other), other, await kept())


async def test_a_receipt_passed_off_as_another_revision_stays_shut() -> None:
    with pytest.raises(Unreadable):
        await custodian().open(granted(CREDENTIAL), CREDENTIAL, replace(await kept(), revision=2))


async def test_a_receipt_of_another_custodian_is_not_touched() -> None:
    elsewhere = replace(await kept(), custodian="bitwarden")
    for touch in (custodian().open, custodian().drop):
        with pytest.raises(Unreadable, match="bitwarden"):
            await touch(granted(CREDENTIAL), CREDENTIAL, elsewhere)


async def test_a_wrong_root_key_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="wrong root key"):
        await custodian("another").open(granted(CREDENTIAL), CREDENTIAL, await kept())


@pytest.mark.parametrize(
    "changes",
    [{"name": "vcrd_2"}, {"vault": VaultId("vlt_2")}, {"vault": None}, {"workspace": WorkspaceId("wrkspc_2")}],
    ids=["credential", "vault", "no vault", "workspace"],
)
@pytest.mark.parametrize("verb", ["keep", "open", "drop"])
async def test_a_permission_for_another_thing_opens_nothing(verb: str, changes: dict[str, object]) -> None:
    custody, proof = await kept(), granted(CREDENTIAL, **changes)
    calls: dict[str, Callable[[], object]] = {
        "keep": lambda: custodian().keep(proof, CREDENTIAL, MATERIAL),
        "open": lambda: custodian().open(proof, CREDENTIAL, custody),
        "drop": lambda: custodian().drop(proof, CREDENTIAL, custody),
    }
    with pytest.raises(Unreadable, match="permission"):
        await calls[verb]()  # type: ignore[misc]  # each is a coroutine


async def test_material_of_another_kind_is_not_kept() -> None:
    with pytest.raises(Unreadable, match="environment_variable"):
        await custodian().keep(granted(CREDENTIAL), CREDENTIAL, EnvironmentVariable(value=Secret("v")))


async def test_a_custodian_that_works_passes_its_check() -> None:
    await custodian().check()


def test_it_is_listed_under_its_name_and_fits_its_port() -> None:
    listed: Custodian = custodian()
    assert CUSTODIANS["strongroom"] is type(listed)
