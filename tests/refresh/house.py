"""As much of a node as renews tokens, on a database that several share, and ways for it to die."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import final

import trustme

from strongroom.core.actions import SESSION_SCOPES, Action
from strongroom.core.audit import Entry, Record
from strongroom.core.credentials import Credential
from strongroom.core.credentials.mcp_oauth import ClientAuth, McpOAuth, McpOAuthDetails, Refresh
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.ids import CredentialId, OrganizationId, PrincipalId, VaultId, WorkspaceId
from strongroom.core.oauth import TokenReply, TokenRequest
from strongroom.core.secret import Secret
from strongroom.crypto.keyring import KeyRing
from strongroom.custody import EnvelopeCustodian
from strongroom.custody.kek.local import LocalKek
from strongroom.edge import Background, Edge
from strongroom.outbound import AddressGuard, Dialer
from strongroom.outbound.control import ControlClient
from strongroom.outbound.token_endpoint import HttpTokenEndpoint
from strongroom.outbound.trust import upstream_context
from strongroom.services.gate import Gate
from strongroom.services.oauth_ports import Refreshes, Renewal, TokenEndpoint
from strongroom.services.ports import AuditAppender, Custody, Store
from strongroom.services.refresh import Refresher
from strongroom.services.renewal import Renewals
from strongroom.store import open_store
from tests.oauth.granting import Grant

KEY = bytes(range(32))
ORGANIZATION, WORKSPACE, VAULT = OrganizationId("org_1"), WorkspaceId("wrkspc_1"), VaultId("vlt_1")
CREDENTIAL = CredentialId("vcrd_1")
LEASE = 1.5
STEPS = ("taken", "admitted", "answered", "stored")
"""Where a node can die: it holds the lease; it has decided; it has been answered; it has stored what it was given."""


def die() -> None:
    """End as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


@final
class MortalRefreshes:
    """The store's leases, until it is time to die."""

    def __init__(self, store: Refreshes, dies_at: str) -> None:
        self._store = store
        self._dies_at = dies_at

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def take(self, credential: CredentialId, *, holder: str, instead_of: str | None) -> bool:
        taken = await self._store.take(credential, holder=holder, instead_of=instead_of)
        if taken and self._dies_at == "taken":
            die()
        return taken

    async def renewed(self, renewal: Renewal, *, holder: str) -> bool:
        done = await self._store.renewed(renewal, holder=holder)
        if self._dies_at == "stored":
            die()
        return done


@final
class MortalLog:
    """The audit log, until it is time to die."""

    def __init__(self, log: AuditAppender, dies_at: str) -> None:
        self._log = log
        self._dies_at = dies_at

    async def append(self, records: Sequence[Record]) -> list[Entry]:
        entries = await self._log.append(records)
        if self._dies_at == "admitted" and records[0].action == "credential.refresh":
            die()
        return entries


@final
class MortalEndpoint:
    """The token endpoint, until it is time to die."""

    def __init__(self, endpoint: TokenEndpoint, dies_at: str) -> None:
        self._endpoint = endpoint
        self._dies_at = dies_at

    async def exchange(self, request: TokenRequest, *, within: float | None = None) -> TokenReply:
        reply = await self._endpoint.exchange(request, within=within)
        if self._dies_at == "answered":
            die()
        return reply


@final
@dataclass(frozen=True, kw_only=True)
class Node:
    """One process's part."""

    store: Store
    refresher: Refresher
    custodian: EnvelopeCustodian
    gate: Gate
    now: datetime

    async def use(self) -> str:
        """Take the credential's token as a request would; return its digest."""
        held = await self.held()
        _, material = await self.refresher.fresh(await self.granted(), *held)
        return digest(material.bearer() or Secret(""))

    async def held(self) -> tuple[Credential, Custody]:
        held = await self.store.credentials.held(WORKSPACE, VAULT, CREDENTIAL)
        assert held is not None
        return held

    async def granted(self) -> Granted:
        user = Principal(
            id=PrincipalId("sesn_1"), organization=ORGANIZATION, workspace=WORKSPACE, scopes=SESSION_SCOPES
        )
        target = Target(name=CREDENTIAL, workspace=WORKSPACE, vault=VAULT)
        return await self.gate.admit(user, Action.CREDENTIAL_USE, target)

    async def keep(self, grant: Grant, token_endpoint: str, credential: Credential) -> None:
        """Store a grant whose token has just expired."""
        details = McpOAuthDetails(
            mcp_server_url=grant.resource,
            expires_at=self.now - timedelta(seconds=1),
            refresh=Refresh(
                client_id=grant.client_id,
                token_endpoint=token_endpoint,
                token_endpoint_auth=ClientAuth(grant.method),
                resource=grant.resource,
            ),
        )
        described = Credential(
            id=CREDENTIAL,
            organization=ORGANIZATION,
            workspace=WORKSPACE,
            vault=VAULT,
            details=details,
            display_name=None,
            metadata={},
            networking=credential.networking,
            surfaces=credential.surfaces,
            created_at=self.now,
            updated_at=self.now,
        )
        secret = None if grant.client_secret is None else Secret(grant.client_secret)
        material = McpOAuth(
            access_token=Secret(grant.access_token),
            refresh_token=Secret(grant.refresh_token),
            client_secret=secret,
        )
        custody = await self.custodian.keep(await self.granted(), described, material)
        await self.store.credentials.add(described, custody)


@asynccontextmanager
async def node(database: Path, *, skew: float = 0.0, dies_at: str = "", lease: float = LEASE) -> AsyncIterator[Node]:
    """Open a node whose clock is wrong by so many seconds."""
    edge, background = Edge(), Background()

    def clock() -> datetime:
        return edge.clock() + timedelta(seconds=skew)

    guard = AddressGuard(allowed=(ip_network("127.0.0.1/32"),))
    context = upstream_context(trustme.CA().cert_pem.bytes().decode())
    dialer = Dialer(guard=guard, ssl_contexts={("http/1.1",): context})
    client = ControlClient(dialer=dialer, guard=guard, ssl_context=context, insecure=True)
    keyring = KeyRing(holders={1: LocalKek(key=KEY, entropy=edge.entropy)}, entropy=edge.entropy)
    custodian = EnvelopeCustodian(keyring=keyring)
    async with open_store(database, clock=clock) as store:
        gate = Gate(log=MortalLog(store.audit, dies_at), clock=clock, new_id=edge.new_id)
        renewals = Renewals(
            credentials=store.credentials,
            refreshes=MortalRefreshes(store.refreshes, dies_at),  # type: ignore[arg-type]  # the rest is the store's
            custodian=custodian,
            endpoint=MortalEndpoint(HttpTokenEndpoint(client=client), dies_at),
            gate=gate,
            clock=clock,
            entropy=edge.entropy,
            lease=lease,
            exchange=lease / 2,
        )
        refresher = Refresher(renewals=renewals, custodian=custodian, clock=clock, spawn=background.spawn)
        try:
            yield Node(store=store, refresher=refresher, custodian=custodian, gate=gate, now=clock())
        finally:
            await refresher.close()
            await background.close()


def digest(token: Secret) -> str:
    return sha256(token.reveal().encode()).hexdigest()
