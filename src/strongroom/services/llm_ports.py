"""The doors of the use cases on models' upstreams to the outside: where they are kept, and which hosts may be asked.

As in `ports.py`: every store method is one transaction that is durable when it returns; look-ups are within a
workspace, others answer `NotFound`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, final

from strongroom.core.ids import WorkspaceId
from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.checks import GoogleCheck, RoleCheck
from strongroom.core.llm.connections import Connection
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.limits import Limits
from strongroom.core.llm.mappings import ModelMapping
from strongroom.core.llm.providers import Health, Provider

if TYPE_CHECKING:  # `ports.py` gathers all stores, these among them
    from strongroom.services.ports import Custody


class Connections(Protocol):
    """Connections: each is a credential and what this wire says of it, written together."""

    async def add(self, connection: Connection, custody: "Custody") -> None:
        """Add a connection to an active vault.

        `Conflict` for a name that is taken and over `MAX_CONNECTIONS`; `Invalid` where another organization trusts
        the same role under the same external id.
        """

    async def get(self, workspace: WorkspaceId, connection: str) -> Connection:
        """Return a connection. Raises `NotFound`."""

    async def all(self, workspace: WorkspaceId) -> list[Connection]:
        """Return all, oldest first."""

    async def held(self, workspace: WorkspaceId, connection: str) -> "tuple[Connection, Custody]":
        """Return a connection with its receipt, read together. Raises `NotFound`."""

    async def replace(self, connection: Connection, custody: "Custody | None", *, expected: int) -> bool:
        """Write a changed connection if its credential's revision is still `expected`; tell whether.

        `custody` replaces the receipt; None keeps it. Raises as `add` does.
        """

    async def delete(self, workspace: WorkspaceId, connection: str) -> None:
        """Remove it with its secret. Raises `Conflict`, naming them, while providers use it."""


class Providers(Protocol):
    """Providers, each with the mark that says we wrote where it takes its connection's secret."""

    async def add(self, provider: Provider, mark: bytes, models: Sequence[ModelMapping]) -> None:
        """Add a provider with its first models. `Conflict` for a taken name, `NotFound` for the connection."""

    async def get(self, workspace: WorkspaceId, provider: str) -> Provider:
        """Return a provider. Raises `NotFound`."""

    async def all(self, workspace: WorkspaceId) -> list[Provider]:
        """Return all, oldest first."""

    async def replace(self, provider: Provider, mark: bytes, *, expected: datetime) -> bool:
        """Write a changed provider if its `updated_at` is still `expected`; tell whether. Raises as `add` does."""

    async def note_health(self, workspace: WorkspaceId, provider: str, health: Health) -> None:
        """Write down what was seen of its upstream; nothing if it is gone."""

    async def delete(self, workspace: WorkspaceId, provider: str) -> None:
        """Remove it with its mappings, never its connection. Raises `NotFound`."""


class Mappings(Protocol):
    """Model mappings."""

    async def add(self, mapping: ModelMapping) -> None:
        """Add a mapping.

        `Invalid` for a route whose model is not enabled on its provider, `Conflict` for a second enablement,
        `NotFound` for the provider.
        """

    async def get(self, workspace: WorkspaceId, mapping: str) -> ModelMapping:
        """Return a mapping. Raises `NotFound`."""

    async def all(self, workspace: WorkspaceId, *, provider: str | None = None) -> list[ModelMapping]:
        """Return all, or those of one provider, oldest first."""

    async def enablement(self, workspace: WorkspaceId, provider: str, model: str) -> ModelMapping | None:
        """Return the row that enables a model of a provider."""

    async def replace(self, mapping: ModelMapping, *, expected: datetime) -> bool:
        """Write a changed mapping if its `updated_at` is still `expected`; tell whether. Raises as `add` does."""

    async def reorder(self, workspace: WorkspaceId, priorities: Mapping[str, int], at: datetime) -> None:
        """Set the priorities of several at once. Raises `NotFound` for one that is not there, and sets none."""

    async def delete(self, workspace: WorkspaceId, mapping: str) -> None:
        """Remove it. Raises `NotFound`."""


class GatewayKeys(Protocol):
    """Keys of the gateway, by the SHA-256 of their text."""

    async def add(self, key: GatewayKey, digest: bytes) -> None:
        """Add a key. Raises `Conflict` beyond `MAX_KEYS` of a workspace."""

    async def get(self, workspace: WorkspaceId, key: str) -> GatewayKey:
        """Return a key. Raises `NotFound`."""

    async def all(self, workspace: WorkspaceId) -> list[GatewayKey]:
        """Return all, oldest first, revoked ones included."""

    async def by_digest(self, digest: bytes) -> GatewayKey | None:
        """Return the key with that digest, whatever its state."""

    async def disable(self, workspace: WorkspaceId, key: str, at: datetime | None) -> None:
        """Switch a key off, or on again with None. Raises `NotFound`."""

    async def revoke(self, workspace: WorkspaceId, key: str, at: datetime) -> None:
        """Revoke a key for ever; repeating is harmless. Raises `NotFound`."""

    async def limit(self, workspace: WorkspaceId, key: str, limits: Limits) -> GatewayKey:
        """Set what a key may take, and return it. Raises `NotFound`."""

    async def used(self, key: str, at: datetime) -> None:
        """Write down when a key was last used."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All that a workspace's gateway keys can reach, read at one moment. Providers come with their marks."""

    connections: "Sequence[tuple[Connection, Custody | None]]"
    providers: Sequence[tuple[Provider, bytes]]
    mappings: Sequence[ModelMapping]


class RoutingTable(Protocol):
    """What the gateway reads to route."""

    async def holdings(self, workspace: WorkspaceId) -> Holdings:
        """Return all of a workspace. A connection whose secret was destroyed has no receipt."""


class Destinations(Protocol):
    """Which hosts may be asked at all."""

    def require_allowed(self, base: BaseUrl) -> None:
        """Raise `Invalid` for a URL that would never be dialled; names are judged again where they are."""


class CloudIdentity(Protocol):
    """This server's own identity in clouds, where the operator lets it be used."""

    async def aws_principal(self) -> str | None:
        """Return the ARN that customers name in their trust policies; None where there is none."""

    async def try_role(self, check: RoleCheck) -> None:
        """Take a role on, once, and forget it. Raises `Invalid` where that is not possible."""

    async def try_google(self, check: GoogleCheck) -> None:
        """Have a token of Google's issued, once, and forget it. Raises `Invalid` where that is not possible."""
