"""The use cases on models' upstreams, on the store of `rooms`: what the tests of routing share."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from strongroom.core.credentials import Material
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal
from strongroom.core.hosts import HostSet
from strongroom.core.ids import OrganizationId, VaultId, WorkspaceId
from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.checks import GoogleCheck, RoleCheck
from strongroom.core.llm.connections import Connection, ConnectionChange, NewConnection
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import NewGatewayKey
from strongroom.core.llm.providers import Provider, ProviderChange
from strongroom.core.llm.sent import Sent
from strongroom.core.secret import Secret
from strongroom.core.vaults import Purpose
from strongroom.crypto.marks import Marks
from strongroom.crypto.tokens import digest
from strongroom.services.gateway_keys import GatewayKeyService
from strongroom.services.llm_connections import ConnectionService
from strongroom.services.llm_mappings import MappingService
from strongroom.services.llm_ports import Holdings
from strongroom.services.llm_providers import ProviderService
from strongroom.services.llm_routing import Refused, Resolved, Routes, Secrets
from tests.services.rooms import Rooms

MARKS = Marks(key=b"k" * 32)
KEY, NEW_KEY = "sk-the-first-key-0001", "sk-the-other-key-0002"
ARN = "arn:aws:iam::123456789012:root"


class Anywhere:
    """Takes every URL."""

    def require_allowed(self, base: BaseUrl) -> None:
        assert base.host


class Somebody:
    """A server that is somebody in AWS."""

    async def aws_principal(self) -> str | None:
        return ARN

    async def try_role(self, check: RoleCheck) -> None:
        if check.external_id != "trusted":
            raise Invalid("AccessDenied", code="aws_role_not_assumable")

    async def try_google(self, check: GoogleCheck) -> None:
        assert check.settings


@dataclass
class Counted:
    """A routing table that counts how often it is read, and lets a test in between."""

    rooms: Rooms
    reads: int = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def holdings(self, workspace: WorkspaceId) -> Holdings:
        self.reads += 1
        read = await self.rooms.store.routing.holdings(workspace)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        return read


@dataclass(frozen=True, kw_only=True)
class Models:
    """Everything that a test of routing needs."""

    rooms: Rooms
    folder: Path
    table: Counted
    connections: ConnectionService
    providers: ProviderService
    mappings: MappingService
    keys: GatewayKeyService
    routes: Routes
    secrets: Secrets

    @property
    def admin(self) -> Principal:
        return self.rooms.admin

    async def connection(self, name: str = "c", key: str = KEY) -> Connection:
        new = NewConnection(name=name, model_provider="openai", sent=Sent(api_key=Secret(key)))
        return await self.connections.create(self.admin, new)

    async def provider(self, connection: Connection, name: str = "P", base_url: str | None = None) -> Provider:
        new = ProviderChange(name=name, model_provider="openai", connection=connection.id, base_url=base_url)
        return (await self.providers.create(self.admin, new, ("m",)))[0]

    async def rotate(self, connection: Connection, key: str = NEW_KEY) -> Connection:
        return await self.connections.update(
            self.admin, connection.id, ConnectionChange(sent=Sent(api_key=Secret(key)))
        )

    async def gateway_key(self) -> bytes:
        """The digest of a fresh key."""
        return digest((await self.keys.create(self.admin, NewGatewayKey(name="k"))).secret)

    async def resolved(self, key: bytes, model: str = "P/m") -> Resolved:
        found = await self.routes.resolve(key, model, Operation.CHAT)
        assert isinstance(found, Resolved), found
        return found

    async def refused(self, key: bytes, model: str = "P/m") -> str:
        found = await self.routes.resolve(key, model, Operation.CHAT)
        assert isinstance(found, Refused), found
        return found.code

    async def material(self, key: bytes, model: str = "P/m") -> Material:
        found = await self.resolved(key, model)
        return await self.secrets.of(found, found.candidates[0])

    async def uses(self, key: bytes, secret: str) -> bool:
        return await self.material(key) == ApiKey(key=Secret(secret))

    def tamper(self, statement: str, *parameters: object) -> None:
        """Change rows behind the store's back."""
        with closing(sqlite3.connect(self.folder / "test.db")) as connection, connection:
            assert connection.execute(statement, parameters).rowcount == 1


def stranger(models: Models) -> Principal:
    """Somebody of another workspace."""
    return replace(models.admin, organization=OrganizationId("org_2"), workspace=WorkspaceId("wrkspc_2"))


def assembled(rooms: Rooms, folder: Path, *, require_secret: bool = False) -> Models:
    store, gate, clock, entropy = rooms.store, rooms.gate, rooms.clock, rooms.entropy
    table = Counted(rooms)
    routes = Routes(table=table, keys=store.gateway_keys, marks=MARKS, clock=clock)

    async def home(principal: Principal) -> VaultId:
        return (await rooms.vaults.home(principal, Purpose.CONNECTIONS, name="Connections")).id

    return Models(
        rooms=rooms,
        folder=folder,
        table=table,
        connections=ConnectionService(
            connections=store.connections,
            home=home,
            custodian=rooms.custodian,
            destinations=Anywhere(),
            identity=Somebody(),
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
            inference_hosts=HostSet(),
            require_secret_on_host_change=require_secret,
        ),
        providers=ProviderService(
            providers=store.providers,
            connections=store.connections,
            destinations=Anywhere(),
            marks=MARKS,
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
            inference_hosts=HostSet(),
            require_secret_on_host_change=require_secret,
        ),
        mappings=MappingService(
            mappings=store.mappings,
            providers=store.providers,
            connections=store.connections,
            gate=gate,
            clock=clock,
            entropy=entropy,
            forget=routes.forget,
        ),
        keys=GatewayKeyService(keys=store.gateway_keys, gate=gate, clock=clock, entropy=entropy, forget=routes.forget),
        routes=routes,
        secrets=Secrets(custodian=rooms.custodian, gate=gate),
    )
