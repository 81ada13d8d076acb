"""Where requests of a gateway key go, and with which secret: answered from memory until something changes.

Rules kept here:
- a request asks the database nothing and opens nothing, once its workspace is warm;
- what changes on this node is forgotten before the change is answered, what changes elsewhere within a second;
- when the feed of changes falls silent, nothing warm is trusted;
- what was read while something changed is read again;
- the first use of a connection by a key is recorded before it happens, and again after every change.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import final

from strongroom.core.actions import SESSION_SCOPES, Action
from strongroom.core.conditions import NotAfter, OnlyVaults
from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.oauth_passthrough import OAuthPassthrough
from strongroom.core.failures import Unavailable, Unreadable
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import PrincipalId, VaultId, WorkspaceId
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.routes import Catalogue, Reachable, Route, catalogue
from strongroom.core.sources import Clock
from strongroom.crypto.marks import Marks
from strongroom.services.contention import changed
from strongroom.services.delivery import FEED_PATIENCE, RETRY_SECONDS
from strongroom.services.gate import Facts, Gate
from strongroom.services.llm_ports import GatewayKeys, Holdings, RoutingTable
from strongroom.services.ports import Change, Changes, Custodian, Custody, Subject

MAX_KEYS_KNOWN = 10_000
MAX_WORKSPACES = 1_000
NOTE_USE_AFTER = timedelta(minutes=1)
INVALID_KEY = "invalid_api_key"


class Outdated(Exception):
    """Something has changed since the routes were looked up: look them up again."""


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no route: one of the codes of contract 4.7."""

    code: str


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Warm:
    """What is in memory of one workspace. Once it is not `live`, no request begins with it."""

    catalogue: Catalogue
    connections: dict[str, tuple[Connection, Custody | None]]
    live: bool = True
    materials: dict[str, Material] = field(default_factory=dict, repr=False)
    recorded: set[tuple[str, str]] = field(default_factory=set)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def vaults(self) -> set[VaultId]:
        """Where its connections lie."""
        return {connection.credential.vault for connection, _ in self.connections.values()}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The routes to try, best first, for one request of a key."""

    key: GatewayKey
    candidates: tuple[Route, ...]
    warm: Warm = field(repr=False)


@final
class Routes:
    """Knows gateway keys and what each can reach."""

    def __init__(self, *, table: RoutingTable, keys: GatewayKeys, marks: Marks, clock: Clock) -> None:
        self._table = table
        self._keys = keys
        self._marks = marks
        self._clock = clock
        self._turn = asyncio.Lock()
        self._reading: WorkspaceId | None = None
        self._spoiled = False
        self._forgets = 0
        self._known: dict[bytes, GatewayKey] = {}
        self._warm: dict[WorkspaceId, Warm] = {}
        self._noted: dict[str, datetime] = {}

    async def key(self, digest: bytes) -> GatewayKey | Refused:
        """Return the gateway key with that digest, if requests may be made with it now."""
        found = self._known.get(digest)
        if found is None:
            found = await self._looked_up(digest)
            if found is None:
                return Refused(INVALID_KEY)
        return found if found.is_good(self._clock()) else Refused(INVALID_KEY)

    async def resolve(self, digest: bytes, model: str, operation: Operation) -> Resolved | Refused:
        """Return where a request goes."""
        key = await self.key(digest)
        if isinstance(key, Refused):
            return key
        warm = self._warm.get(key.workspace) or await self._warmed(key.workspace)
        found = warm.catalogue.resolve(model, operation)
        if isinstance(found, tuple):
            return Resolved(key=key, candidates=found, warm=warm)
        return Refused(found.value)

    async def reachable(self, digest: bytes) -> list[Reachable] | Refused:
        """Return the names of models that a key can ask for."""
        key = await self.key(digest)
        if isinstance(key, Refused):
            return key
        return (self._warm.get(key.workspace) or await self._warmed(key.workspace)).catalogue.reachable()

    async def note_used(self, key: GatewayKey) -> None:
        """Write down that a key was used; seldom, and never worth a request's failure."""
        now = self._clock()
        if now - self._noted.get(key.id, datetime.min.replace(tzinfo=now.tzinfo)) < NOTE_USE_AFTER:
            return
        if len(self._noted) >= MAX_KEYS_KNOWN:
            self._noted.clear()
        self._noted[key.id] = now
        await self._keys.used(key.id, now)

    def forget(self, workspace: WorkspaceId) -> None:
        """Drop what is warm of a workspace, keys included."""
        self._forgets += 1
        self._spoil(workspace)
        self._known = {digest: key for digest, key in self._known.items() if key.workspace != workspace}
        warm = self._warm.pop(workspace, None)
        if warm is not None:
            warm.live = False

    def forget_all(self) -> None:
        """Drop everything."""
        self._forgets += 1
        self._spoiled = True
        self._known.clear()
        for warm in self._warm.values():
            warm.live = False
        self._warm.clear()

    async def follow(self, changes: Changes) -> None:
        """Forget what changes; runs as long as the process. A silent feed forgets all."""
        feed = changes.follow()
        while True:
            try:
                async with asyncio.timeout(FEED_PATIENCE):  # `wait_for` can lose a cancellation before Python 3.12
                    batch = await anext(feed)
                self._drop(batch)
            except (TimeoutError, StopAsyncIteration, Unavailable):
                feed = changes.follow()  # first: what changes from here on is heard
                self.forget_all()
                await asyncio.sleep(RETRY_SECONDS)

    def _drop(self, batch: Sequence[Change]) -> None:
        for change in batch:
            match change.subject:
                case Subject.ROUTES | Subject.GATEWAY_KEY:
                    self.forget(change.workspace)
                case Subject.CREDENTIAL:
                    if self._concerned(change.workspace, change.vault):
                        self.forget(change.workspace)
                case Subject.VAULT:
                    if self._concerned(change.workspace, VaultId(change.id)):
                        self.forget(change.workspace)
                case _:  # sessions, environments and their keys and tokens have no part in it
                    pass

    def _concerned(self, workspace: WorkspaceId, vault: VaultId | None) -> bool:
        self._spoil(workspace)
        warm = self._warm.get(workspace)
        return warm is not None and vault in warm.vaults

    def _spoil(self, workspace: WorkspaceId) -> None:
        """Have what is being read of a workspace read again."""
        self._spoiled = self._spoiled or workspace == self._reading

    async def _looked_up(self, digest: bytes) -> GatewayKey | None:
        async def attempt() -> tuple[GatewayKey | None] | None:
            forgets = self._forgets
            found = await self._keys.by_digest(digest)
            if forgets != self._forgets:
                return None
            if found is not None:
                if len(self._known) >= MAX_KEYS_KNOWN:
                    self._known.clear()
                self._known[digest] = found
            return (found,)

        (key,) = await changed(attempt, what="what gateway keys reach")
        return key

    async def _warmed(self, workspace: WorkspaceId) -> Warm:
        """Read a workspace, one at a time: who waits for the same finds it warm."""

        async def attempt() -> Warm | None:
            self._reading, self._spoiled = workspace, False
            held = await self._table.holdings(workspace)
            return None if self._spoiled else self._made(held)

        async with self._turn:
            if workspace not in self._warm:
                warm = await changed(attempt, what="what gateway keys reach")
                if len(self._warm) >= MAX_WORKSPACES:
                    self.forget_all()
                self._warm[workspace] = warm
            return self._warm[workspace]

    def _made(self, held: Holdings) -> Warm:
        intact = (provider.id for provider, mark in held.providers if self._marks.fits(provider.whereabouts(), mark))
        return Warm(
            catalogue=catalogue(
                held.mappings,
                {provider.id: provider for provider, _ in held.providers},
                {connection.id: connection for connection, _ in held.connections},
                intact=frozenset(intact),
            ),
            connections={connection.id: (connection, custody) for connection, custody in held.connections},
        )


@final
class Secrets:
    """Opens connections for the gateway: once for each, until something changes."""

    def __init__(self, *, custodian: Custodian, gate: Gate) -> None:
        self._custodian = custodian
        self._gate = gate

    async def of(self, resolved: Resolved, route: Route) -> Material:
        """Return what a route's requests are sent with.

        Raises `Outdated` if something changed since, `Unreadable` where there is no secret that can be trusted to
        belong here, and `NotPermitted`.
        """
        warm, connection = resolved.warm, route.connection
        if not warm.live:
            raise Outdated
        if connection is None:
            return OAuthPassthrough()
        if not route.intact:
            raise Unreadable(f"provider {route.provider.id} is not as it was written")
        known = warm.materials.get(connection.id)
        if known is not None and (resolved.key.id, connection.id) in warm.recorded:
            return known
        async with warm.opening:
            return await self._opened(resolved, route, connection)

    async def _opened(self, resolved: Resolved, route: Route, connection: Connection) -> Material:
        warm, credential = resolved.warm, connection.credential
        facts: Facts = {
            "provider": route.provider.id,
            "host": route.upstream.base.host,
            "secret_version": connection.secret_version,
        }
        target = Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
        granted = await self._gate.admit(_principal(resolved.key, credential), Action.CONNECTION_USE, target, facts)
        if connection.id not in warm.materials:
            _, custody = warm.connections[connection.id]
            if custody is None:
                raise Unreadable(f"connection {connection.id} has no secret any more")
            warm.materials[connection.id] = await self._custodian.open(granted, credential, custody)
        if not warm.live:
            raise Outdated
        warm.recorded.add((resolved.key.id, connection.id))
        return warm.materials[connection.id]


def _principal(key: GatewayKey, credential: Credential) -> Principal:
    only = OnlyVaults(frozenset({credential.vault}))
    return Principal(
        id=PrincipalId(key.id),
        organization=key.organization,
        workspace=key.workspace,
        scopes=SESSION_SCOPES,
        conditions=(only,) if key.expires_at is None else (only, NotAfter(key.expires_at)),
    )
