"""The use cases on a real store, with a clock that stands still: what the tests of `services` share."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import final

from strongroom.core.actions import ALL_SCOPES
from strongroom.core.audit import Entry, Record
from strongroom.core.credentials import Credential, Material, NewCredential
from strongroom.core.credentials.environment_variable import EnvironmentVariable, EnvironmentVariableDetails
from strongroom.core.environments import StrayPlaceholders
from strongroom.core.failures import CustodianFailed, Unavailable
from strongroom.core.grants import Granted, Principal
from strongroom.core.hosts import HostSet, canonical_host
from strongroom.core.ids import CredentialId, OrganizationId, PrincipalId, VaultId, WorkspaceId
from strongroom.core.networking import Limited
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent
from strongroom.core.surfaces import Surface
from strongroom.crypto.identity_keys import IdentityKeys
from strongroom.crypto.keyring import KeyRing
from strongroom.custody import EnvelopeCustodian
from strongroom.custody.kek.local import LocalKek
from strongroom.edge import Background
from strongroom.services.authentication import Authentication
from strongroom.services.credentials import CredentialService
from strongroom.services.delivery import MAX_LIVE, Delivery
from strongroom.services.environments import EnvironmentService, NewEnvironment
from strongroom.services.gate import Gate
from strongroom.services.identities import Identities, IdentityKeyService, IdentityRing
from strongroom.services.installation import IDENTITY_KEYS, binding
from strongroom.services.keys import KeyService
from strongroom.services.oauth_ports import Refreshes
from strongroom.services.organizations import OrganizationService
from strongroom.services.ports import AuditAppender, Custody, Store
from strongroom.services.refresh import Refresher
from strongroom.services.renewal import Renewals
from strongroom.services.sessions import NewSession, Opened, SessionService
from strongroom.services.usage import Meter
from strongroom.services.vaults import VaultService
from strongroom.services.webhooks import WebhookService
from strongroom.store import open_store
from strongroom.testing.clock import FrozenClock
from strongroom.testing.entropy import CountingEntropy
from strongroom.testing.token_endpoint import SimulatedTokenEndpoint
from tests.store.fresh import laid

API = Destination("https", canonical_host("api.example.com"), 443)
OTHER = Destination("https", canonical_host("other.example.com"), 443)
ISSUER = "https://vault.example.com"


class Switch:
    """An audit log that can be switched off. It only writes; tests read the store's own."""

    def __init__(self, log: AuditAppender) -> None:
        self.log = log
        self.off = False

    async def append(self, records: Sequence[Record]) -> list[Entry]:
        if self.off:
            raise Unavailable("the audit log cannot be written")
        return await self.log.append(records)


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """Everything that a test of a use case needs."""

    store: Store
    log: Switch
    clock: FrozenClock
    entropy: CountingEntropy
    gate: Gate
    meter: Meter
    vaults: VaultService
    credentials: CredentialService
    environments: EnvironmentService
    sessions: SessionService
    keys: KeyService
    organizations: OrganizationService
    authentication: Authentication
    delivery: Delivery
    one_of_several: Delivery
    """That of one process among others."""
    webhooks: WebhookService
    identity_keys: IdentityKeyService
    keyring: KeyRing
    custodian: "Withholding"
    endpoint: SimulatedTokenEndpoint
    refresher: Callable[..., Refresher]
    """Makes one: each has in memory what a process of its own would have."""
    admin: Principal

    async def vault(self) -> VaultId:
        return (await self.vaults.create(self.admin, display_name="v", metadata={})).id

    async def session(self, *vaults: VaultId, strays: StrayPlaceholders = StrayPlaceholders.REPORT) -> Opened:
        new_environment = NewEnvironment(name="e", metadata={}, stray_placeholders=strays)
        environment = await self.environments.create(self.admin, new_environment)
        new = NewSession(agent=Agent(id="a"), environment=environment.id, vaults=vaults, metadata={})
        return await self.sessions.open(self.admin, new)

    async def entries(self) -> list[Entry]:
        return await self.store.audit.entries(self.admin.organization)


@final
class Withholding:
    """Our own custodian, which can be told to hand a credential out no more, as one elsewhere may do at any time."""

    def __init__(self, ours: EnvelopeCustodian) -> None:
        self.keep, self.drop, self.check = ours.keep, ours.drop, ours.check
        self._open = ours.open
        self.withheld: set[CredentialId] = set()

    async def open(self, granted: Granted, credential: Credential, custody: Custody) -> Material:
        """Return the material, or fail as a vault of others does."""
        if credential.id in self.withheld:
            raise CustodianFailed("elsewhere", "did not answer")
        return await self._open(granted, credential, custody)


def variable(name: str = "TOKEN", value: str = "the secret", *hosts: str) -> NewCredential:
    """A variable for `api.example.com` unless told otherwise."""
    return NewCredential(
        details=EnvironmentVariableDetails(secret_name=name),
        material=EnvironmentVariable(value=Secret(value)),
        metadata={},
        networking=Limited(HostSet.parse(hosts or ("api.example.com",))),
        surfaces=frozenset({Surface.HEADER, Surface.BODY}),
    )


@asynccontextmanager
async def built(folder: Path, *, most_sessions: int = MAX_LIVE) -> AsyncIterator[Rooms]:
    """Build the rooms on a store in `folder`."""
    clock, entropy = FrozenClock(), CountingEntropy()
    keyring = KeyRing(holders={1: LocalKek(key=entropy(32), entropy=entropy)}, entropy=entropy)
    custodian = Withholding(EnvelopeCustodian(keyring=keyring))
    async with open_store(laid(folder / "test.db"), clock=clock) as store:
        log = Switch(store.audit)
        gate = Gate(log=log, clock=clock, new_id=entropy.new_id)
        meter = Meter(uses=store.uses, refusals=store.refusals, gate=gate, clock=clock)
        organizations = OrganizationService(
            tenants=store.tenants, gate=gate, clock=clock, new_id=entropy.new_id, entropy=entropy
        )
        tenant = await organizations.found("first", secret=Secret("first"), scopes=ALL_SCOPES)

        background = Background()
        endpoint = SimulatedTokenEndpoint()

        def refresher(refreshes: Refreshes = store.refreshes, lease: float = 20.0) -> Refresher:
            renewals = Renewals(
                credentials=store.credentials,
                refreshes=refreshes,
                custodian=custodian,
                endpoint=endpoint,
                gate=gate,
                clock=clock,
                entropy=entropy,
                lease=lease,
                exchange=lease / 2,
            )
            return Refresher(renewals=renewals, custodian=custodian, clock=clock, spawn=background.spawn)

        keys = IdentityKeys.fresh(clock()).to_bytes()
        await store.sealed.put_if_absent(IDENTITY_KEYS, await keyring.seal(binding(IDENTITY_KEYS), keys))
        ring = IdentityRing(sealed=store.sealed, seal=keyring)

        def delivery(*, alone: bool) -> Delivery:
            return Delivery(
                sessions=store.sessions,
                environments=store.environments,
                credentials=store.credentials,
                refresher=refresher(),
                identities=Identities(ring=ring, clock=clock, new_id=entropy.new_id, issuer=ISSUER),
                seal=keyring,
                gate=gate,
                meter=meter,
                clock=clock,
                alone=alone,
                most_sessions=most_sessions,
            )

        try:
            yield Rooms(
                store=store,
                log=log,
                clock=clock,
                entropy=entropy,
                gate=gate,
                meter=meter,
                vaults=VaultService(vaults=store.vaults, gate=gate, clock=clock, new_id=entropy.new_id),
                credentials=CredentialService(
                    credentials=store.credentials,
                    vaults=store.vaults,
                    custodian=custodian,
                    gate=gate,
                    clock=clock,
                    new_id=entropy.new_id,
                ),
                environments=EnvironmentService(
                    environments=store.environments, gate=gate, clock=clock, new_id=entropy.new_id
                ),
                sessions=SessionService(
                    sessions=store.sessions,
                    environments=store.environments,
                    vaults=store.vaults,
                    credentials=store.credentials,
                    seal=keyring,
                    gate=gate,
                    clock=clock,
                    new_id=entropy.new_id,
                    entropy=entropy,
                    lifetime=timedelta(hours=1),
                ),
                keys=KeyService(tenants=store.tenants, gate=gate, clock=clock, new_id=entropy.new_id, entropy=entropy),
                organizations=organizations,
                authentication=Authentication(tenants=store.tenants),
                delivery=delivery(alone=True),
                one_of_several=delivery(alone=False),
                webhooks=WebhookService(
                    webhooks=store.webhooks,
                    seal=keyring,
                    gate=gate,
                    clock=clock,
                    new_id=entropy.new_id,
                    entropy=entropy,
                ),
                identity_keys=IdentityKeyService(ring=ring, gate=gate, clock=clock, issuer=ISSUER),
                keyring=keyring,
                custodian=custodian,
                endpoint=endpoint,
                refresher=refresher,
                admin=Principal(
                    id=PrincipalId(tenant.key.id),
                    organization=OrganizationId(tenant.organization.id),
                    workspace=WorkspaceId(tenant.workspace.id),
                    scopes=ALL_SCOPES,
                ),
            )
        finally:
            await background.close()
