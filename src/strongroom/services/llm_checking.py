"""Looks whether a provider can be reached with its secret: never by a request that costs.

A vendor that takes a key is asked for the list of its models; of a cloud's identity the cloud is asked for a token, or
whose the keys are. Whether that identity may use the models, its first request shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, final

from strongroom.core.actions import Action
from strongroom.core.credentials import Material
from strongroom.core.failures import Invalid, NotFound, Unreadable
from strongroom.core.grants import Principal, Target
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.mappings import MappingKind
from strongroom.core.llm.schemes import Scheme
from strongroom.core.llm.upstreams import Upstream
from strongroom.crypto.marks import Marks
from strongroom.services.gate import Gate
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused
from strongroom.services.llm_ports import RoutingTable
from strongroom.services.ports import Custodian


@final
class Outcome(StrEnum):
    """What came of it."""

    OK = "ok"
    REJECTED = "rejected"
    """It does not accept the secret."""
    UNEXPECTED = "unexpected"
    """It answers, and not with a list of models."""
    UNREACHABLE = "unreachable"
    UNAVAILABLE = "unavailable"
    """This server can show it nothing: it may be nobody in that cloud, or cannot ask it now."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What an upstream answered: its status, and the models that it has if it said so."""

    outcome: Outcome
    status: int | None = None
    models: frozenset[str] | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is told of it: nothing in the upstream's words."""

    provider: str
    name: str
    outcome: Outcome
    status: int | None
    models: int | None
    missing: tuple[str, ...]
    """Models that are enabled here and that the upstream does not list."""
    because: str | None = None
    """A cloud's code, or our words."""


class Lister(Protocol):
    """Asks an upstream for the list of its models."""

    async def listed(self, whose: str, upstream: Upstream, material: Material) -> Listed:
        """Return what it answered, whatever that is."""


class Proves(Protocol):
    """Has a cloud know who a connection is, now."""

    async def prove(self, connection: Connection, material: Material) -> None:
        """Return if it does. Raises `CredentialUnavailable` and `ExchangeRefused`."""


@final
class ProviderCheck:
    """The use case."""

    def __init__(  # noqa: PLR0913 - one argument per thing that is needed to look
        self,
        *,
        table: RoutingTable,
        custodian: Custodian,
        marks: Marks,
        gate: Gate,
        lister: Lister,
        clouds: Proves,
    ) -> None:
        self._table = table
        self._custodian = custodian
        self._marks = marks
        self._gate = gate
        self._lister = lister
        self._clouds = clouds

    async def check(self, principal: Principal, provider: str) -> Checked:
        """Look at a provider. Raises `NotFound`, and `Invalid` for one that cannot be looked at like this."""
        held = await self._table.holdings(principal.workspace)
        found = next((pair for pair in held.providers if pair[0].id == provider), None)
        if found is None:
            await self._gate.admit(
                principal, Action.CONNECTION_CHECK, Target(name=provider, workspace=principal.workspace)
            )
            raise NotFound("provider", provider)
        here, mark = found
        connections: Mapping[str, Connection] = {each.id: each for each, _ in held.connections}
        connection = None if here.connection is None else connections.get(here.connection)
        custody = {each.id: receipt for each, receipt in held.connections}.get(here.connection or "")
        credential = None if connection is None else connection.credential
        target = Target(
            name=provider if credential is None else credential.id,
            workspace=principal.workspace,
            vault=None if credential is None else credential.vault,
        )
        upstream = here.upstream(connection)
        facts = {"provider": provider, "host": upstream.base.host}
        granted = await self._gate.admit(principal, Action.CONNECTION_CHECK, target, facts)
        scheme = upstream.way.scheme
        if connection is None or credential is None or custody is None or scheme is Scheme.OAUTH_PASSTHROUGH:
            raise Invalid("this provider has no secret here to be looked at with")
        if scheme is Scheme.BEDROCK_API_KEY:
            raise Invalid("this vendor lists no models to such a key: whether it is accepted, its first use shows")
        if not self._marks.fits(here.whereabouts(), mark):
            raise Unreadable(f"provider {provider} is not as it was written")
        material = await self._custodian.open(granted, credential, custody)
        if scheme.is_cloud:
            outcome, because = await self._proven(connection, material)
            return Checked(
                provider=provider,
                name=here.name,
                outcome=outcome,
                status=None,
                models=None,
                missing=(),
                because=because,
            )
        whose = f"{connection.id}/{connection.secret_version}"
        listed = await self._lister.listed(whose, upstream, material)
        wanted = {
            each.upstream_model
            for each in held.mappings
            if each.provider == provider and each.kind is MappingKind.MODEL and each.enabled
        }
        return Checked(
            provider=provider,
            name=here.name,
            outcome=listed.outcome,
            status=listed.status,
            models=None if listed.models is None else len(listed.models),
            missing=() if listed.models is None else tuple(sorted(wanted - listed.models)),
        )

    async def _proven(self, connection: Connection, material: Material) -> tuple[Outcome, str | None]:
        try:
            await self._clouds.prove(connection, material)
        except ExchangeRefused as refused:
            return Outcome.REJECTED, str(refused)
        except CredentialUnavailable as unavailable:
            return Outcome.UNAVAILABLE, str(unavailable)
        return Outcome.OK, None
