"""Sessions and plans without a store: what the proxy's tests run against."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from strongroom.core.actions import SESSION_SCOPES
from strongroom.core.audit import Entry, Head, Record
from strongroom.core.failures import Failure, NotAuthenticated, Unreachable
from strongroom.core.grants import Principal
from strongroom.core.ids import (
    CredentialId,
    EnvironmentId,
    KeyId,
    OrganizationId,
    PrincipalId,
    SessionId,
    VaultId,
    WorkspaceId,
)
from strongroom.core.plans import Destination, Placement, Plan, Signer, Swap
from strongroom.core.secret import Secret
from strongroom.core.sessions import Agent, Session
from strongroom.core.surfaces import Surface
from strongroom.services.gate import Gate
from strongroom.services.live import LivePlan, LiveSession, Rejected
from strongroom.services.usage import Meter
from strongroom.services.usage_ports import Refused, Use
from strongroom.testing.clock import FrozenClock
from strongroom.testing.entropy import CountingEntropy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "srt_0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
PLACEHOLDER = "srp_4bJxkqTz8WmPd2VfYnRcLs7GhQ9vEaU3"
STRAY = "srp_9Zk2LmXw5QvTb8NcRj4HfDs7GyPaU6Ee"
SECRET = "sk-live-hush/7+really=secret"
MARKER = "srp_MarkerOfAPlacedCredential0000000"
CREDENTIAL, OTHER, PLACED = CredentialId("vcrd_1"), CredentialId("vcrd_2"), CredentialId("vcrd_3")
VAULT = VaultId("vlt_1")
HEADER = frozenset({Surface.HEADER})
BOTH = frozenset({Surface.HEADER, Surface.BODY})


class Ledger:
    """Keeps what the meter and the gate write."""

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self.records: list[Record] = []

    async def add(self, uses: Sequence[Use]) -> None:
        self.uses += uses

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Use]:
        return self.uses

    async def append(self, records: Sequence[Record]) -> list[Entry]:
        self.records += records
        return []

    async def entries(self, *args: object, **kwargs: object) -> list[Entry]:
        raise NotImplementedError

    async def newest(self, *args: object, **kwargs: object) -> list[Entry]:
        raise NotImplementedError

    async def head(self, organization: OrganizationId) -> Head:
        raise NotImplementedError


class RefusalLedger:
    """Keeps what was refused, by reason and host."""

    def __init__(self) -> None:
        self.rows: list[Refused] = []

    async def add(self, refused: Sequence[Refused]) -> None:
        self.rows += refused

    async def of_session(self, workspace: WorkspaceId, session: SessionId) -> list[Refused]:
        return self.rows


def swap(surfaces: frozenset[Surface] = BOTH, secret: str = SECRET) -> Swap:
    return Swap(placeholder=PLACEHOLDER, secret=Secret(secret), surfaces=surfaces, credential=CREDENTIAL, vault=VAULT)


def placement(target: str = "/mcp", secret: str = SECRET, *, renewable: bool = False) -> Placement:
    return Placement(
        target=target,
        header="authorization",
        scheme="Bearer",
        secret=Secret(secret),
        marker=MARKER,
        credential=PLACED,
        vault=VAULT,
        renewable=renewable,
    )


@dataclass(kw_only=True)
class FixedDelivery:
    """Answers every question with what it was given. `cold` makes it answer only when awaited."""

    swaps: tuple[Swap, ...] = ()
    placements: tuple[Placement, ...] = ()
    strays: dict[str, CredentialId] = field(default_factory=lambda: {STRAY: OTHER})
    signers: dict[bytes, Signer] = field(default_factory=dict)
    refuse: Callable[[Destination], Failure | None] = lambda _: None
    cold: bool = False
    refuses_strays: bool = False
    passes_through: bool = False
    after_rejection: tuple[Placement, ...] = ()
    """What is placed after a token was rejected, if anything else is."""

    def __post_init__(self) -> None:
        self.ledger = Ledger()
        self.refusals = RefusalLedger()
        clock = FrozenClock(NOW)
        gate = Gate(log=self.ledger, clock=clock, new_id=CountingEntropy().new_id)
        self.meter = Meter(uses=self.ledger, refusals=self.refusals, gate=gate, clock=clock)
        self.live = self.session("sesn_1")
        self.sessions = {TOKEN: self.live}
        self.plans_made: list[Destination] = []
        self.rejected: list[Secret] = []

    def session(self, name: str, key: str = "key_1") -> LiveSession:
        organization, workspace = OrganizationId("org_1"), WorkspaceId("wrkspc_1")
        session = Session(
            id=SessionId(name),
            organization=organization,
            workspace=workspace,
            agent=Agent(id="agent"),
            environment=EnvironmentId("env_1"),
            vaults=(VAULT,),
            title=None,
            metadata={},
            opened_by=KeyId(key),
            created_at=NOW,
            updated_at=NOW,
            expires_at=NOW + timedelta(hours=1),
        )
        principal = Principal(
            id=PrincipalId(name), organization=organization, workspace=workspace, scopes=SESSION_SCOPES
        )
        return LiveSession(session, principal=principal, seed=b"", meter=self.meter)

    def _found(self, token: Secret) -> LiveSession | None:
        return next((live for text, live in self.sessions.items() if Secret(text) == token and not live.ended), None)

    def entered(self, token: Secret) -> LiveSession | None:
        return None if self.cold else self._found(token)

    async def enter(self, token: Secret) -> LiveSession:
        await asyncio.sleep(0)
        found = self._found(token)
        if found is None:
            raise NotAuthenticated(presented=True)
        return found

    def planned(self, live: LiveSession, destination: Destination) -> LivePlan | None:
        return None if self.cold else live.plans.get(destination)

    async def plan(self, live: LiveSession, destination: Destination, *, rejected: Rejected | None = None) -> LivePlan:
        await asyncio.sleep(0)
        return self.make(live, destination, rejected)

    def make(self, live: LiveSession, destination: Destination, rejected: Rejected | None = None) -> LivePlan:
        if rejected is not None:
            self.rejected.append(rejected.placement.secret)
            if self.after_rejection:
                self.placements = self.after_rejection
                live.outdate(rejected.plan)
        if live.ended:
            raise NotAuthenticated(presented=True)
        failure = self.refuse(destination)
        if failure is not None:
            raise failure
        known = live.plans.get(destination)
        if known is not None:
            return known
        self.plans_made.append(destination)
        plan = Plan(
            session=live.session.id,
            destination=destination,
            expires_at=live.session.expires_at,
            swaps=self.swaps,
            strays=self.strays,
            placements=self.placements,
            refuses_strays=self.refuses_strays,
            signers=self.signers,
            passes_through=self.passes_through and destination.scheme == "https",
        )
        return live.admit(
            LivePlan(plan, principal=live.principal, meter=self.meter, sent=live.sent_to(destination.host))
        )


def unreachable(_: Destination) -> Failure:
    return Unreachable("nobody there")
