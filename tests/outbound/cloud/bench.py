"""What authenticates to clouds, over real connections to clouds on loopback."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from strongroom.assembly.clouds import CloudAccess, access_over
from strongroom.core.credentials import Credential, Material
from strongroom.core.credentials.connection import ConnectionDetails
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, OrganizationId, VaultId, WorkspaceId
from strongroom.core.llm.attribution import Actor, Attribution
from strongroom.core.llm.connections import Connection, NewConnection, details_of
from strongroom.core.llm.families import Operation
from strongroom.core.llm.mappings import MappingKind, ModelMapping
from strongroom.core.llm.providers import Provider
from strongroom.core.llm.routes import Route, catalogue
from strongroom.core.llm.sent import Sent
from strongroom.core.llm.upstreams import written
from strongroom.core.networking import Limited
from strongroom.core.secret import Secret
from strongroom.edge import Edge
from strongroom.services.llm_cloud import Authorization, Unsigned
from tests.custody.outside import control
from tests.outbound.cloud.peers import HOSTS, Clouds

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ID = "0e4f9a52-7a11-4c58-9d5e-2f1a3b4c5d6e"
BODY = b'{"model":"m","messages":[]}'
_OF: Any = {"organization": OrganizationId("org_1"), "workspace": WorkspaceId("wrkspc_1")}
_BY = Attribution(created_by=Actor(user_id=ID))


@dataclass(frozen=True, kw_only=True)
class Case:
    """A route, and the secret behind it."""

    route: Route
    material: Material

    @property
    def connection(self) -> Connection:
        assert self.route.connection is not None
        return self.route.connection

    def with_settings(self, settings_json: str) -> "Case":
        """The same with other settings of its connection, whatever the rules for them are."""
        connection = self.connection
        details = connection.credential.details
        assert isinstance(details, ConnectionDetails)
        changed = replace(details, upstream=replace(details.upstream, settings_json=settings_json))
        after = replace(connection, credential=replace(connection.credential, details=changed))
        return replace(self, route=replace(self.route, connection=after))

    def rotated(self) -> "Case":
        """The same with another version of its secret."""
        after = replace(self.connection, secret_version=self.connection.secret_version + 1)
        return replace(self, route=replace(self.route, connection=after))

    def laid_over(self, **settings: object) -> "Case":
        """The same with a provider's own settings over the connection's."""
        upstream = self.route.upstream
        changed = replace(upstream, settings_json=written({**upstream.settings, **settings}))
        return replace(self, route=replace(self.route, upstream=changed))

    def request(self, path: str = "/openai/v1/chat/completions", fields: Mapping[str, str] = {}) -> Unsigned:
        sent = {"content-type": "application/json", "accept": "*/*", **fields}
        return Unsigned(
            method="POST", url=self.route.upstream.base.origin + path, fields=tuple(sent.items()), body=BODY
        )


def case(
    model_provider: str,
    auth_type: str,
    settings: Mapping[str, object],
    *,
    base_url: str | None = None,
    id_: str = ID,
    **credentials: str,
) -> Case:
    """Read a connection as a caller sends it."""
    new = NewConnection(
        name="c",
        model_provider=model_provider,
        auth_type=auth_type,
        base_url=base_url,
        settings=dict(settings),
        sent=Sent(credentials={name: Secret(value) for name, value in credentials.items()}),
    )
    upstream, taken = new.read(lambda: "the-external-id")
    assert taken.material is not None
    credential = Credential(
        id=CredentialId(id_),
        vault=VaultId("vlt_1"),
        details=details_of(upstream),
        display_name="c",
        metadata={},
        networking=Limited(HostSet()),
        surfaces=frozenset(),
        created_at=NOW,
        updated_at=NOW,
        **_OF,
    )
    connection = Connection(credential=credential, attribution=_BY)
    times: Any = {"attribution": _BY, "created_at": NOW, "updated_at": NOW}
    provider = Provider(
        id="p", name="P", model_provider=model_provider, connection=id_, auth_type=None, base_url=None, **_OF, **times
    )
    mapping = ModelMapping(
        id="m",
        provider="p",
        model_alias="m",
        upstream_model="m",
        kind=MappingKind.MODEL,
        bare_alias=True,
        **_OF,
        **times,
    )
    made = catalogue([mapping], {"p": provider}, {id_: connection}, intact=frozenset({"p"}))
    found = made.resolve("m", Operation.CHAT)
    assert isinstance(found, tuple), found
    return Case(route=found[0], material=taken.material)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The doors to clouds, and the clouds."""

    access: CloudAccess
    clouds: Clouds

    async def authorize(self, case: Case, request: Unsigned | None = None, *, rejected: bool = False) -> Authorization:
        return await self.access.credentials.authorize(
            case.route, case.material, request or case.request(), rejected=rejected
        )

    async def prove(self, case: Case) -> None:
        await self.access.proofs.prove(case.connection, case.material)

    async def bearer(self, case: Case, *, rejected: bool = False) -> str:
        """Return the one field that is set, which must be a bearer."""
        (field,) = (given := await self.authorize(case, rejected=rejected)).fields
        name, value = field
        assert name == "authorization"
        scheme, _, token = value.reveal().partition(" ")
        assert scheme == "Bearer"
        assert given.secrets == (Secret(token),)
        return token


@asynccontextmanager
async def benched(
    clouds: Clouds, port: int, *, ambient: bool = True, hosts: tuple[str, ...] = (), listed: bool = True
) -> AsyncIterator[Bench]:
    """Put everything together over our own connections, all names of clouds pinned to the port."""
    edge = Edge()
    names = dict.fromkeys(HOSTS, f"127.0.0.1:{port}")
    access = access_over(
        control(clouds.authority, names=names, listed=listed),
        edge,
        ambient=ambient,
        inference_hosts=HostSet.parse(hosts),
    )
    try:
        yield Bench(access=access, clouds=clouds)
    finally:
        access.close()
        await edge.background.close()
