"""Connections: made, shown, changed, rotated, removed. Their secrets come in here and never go out.

Rules kept here:
- a change and its new secret are one write: what is refused rotates nothing;
- the secret that is there already, sent again, makes no new version: clients repeat changes by themselves;
- who moves a connection to another host without sending its secret anew is written down, or refused.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import final

from strongroom.core.actions import Action
from strongroom.core.credentials import Credential, Material
from strongroom.core.failures import Invalid, NotFound, Unreadable
from strongroom.core.grants import Granted, Principal, Target
from strongroom.core.hosts import HostSet
from strongroom.core.ids import CredentialId, VaultId, WorkspaceId
from strongroom.core.llm.attribution import Attribution, actor, checked_name, checked_note
from strongroom.core.llm.checks import GoogleCheck, RoleCheck
from strongroom.core.llm.connections import Connection, ConnectionChange, NewConnection, attributed, details_of
from strongroom.core.llm.hosts import require_inference_host
from strongroom.core.llm.sent import Taken, require_material
from strongroom.core.llm.upstreams import Upstream
from strongroom.core.networking import Limited
from strongroom.core.sources import Clock, Entropy
from strongroom.core.uuids import uuid_from
from strongroom.services.contention import changed, later
from strongroom.services.gate import Facts, Gate
from strongroom.services.llm_ports import CloudIdentity, Connections, Destinations
from strongroom.services.ports import Custodian, Custody

MOVED = "connection.base_url_changed_without_rotation"
"""What the audit log calls it when somebody who need not know a secret has sent it to another place from now on."""

Home = Callable[[Principal], Awaitable[VaultId]]
"""Returns the vault in which a workspace's connections lie."""

Forget = Callable[[WorkspaceId], None]
"""Drops what is warm of a workspace, before anybody is told that a change is done."""


@final
class ConnectionService:
    """Use cases on connections."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        connections: Connections,
        home: Home,
        custodian: Custodian,
        destinations: Destinations,
        identity: CloudIdentity,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        forget: Forget,
        inference_hosts: HostSet,
        require_secret_on_host_change: bool,
    ) -> None:
        self._connections = connections
        self._home = home
        self._custodian = custodian
        self._destinations = destinations
        self._identity = identity
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._forget = forget
        self._inference_hosts = inference_hosts
        self._require_secret = require_secret_on_host_change

    async def create(self, principal: Principal, new: NewConnection) -> Connection:
        """Store a connection as it is given; nobody is asked whether the secret is good.

        Raises `Invalid`, `Conflict` for a name that is taken and for too many.
        """
        upstream, taken = new.read(self._uuid)
        self._require_allowed(upstream)
        now, id_ = self._clock(), CredentialId(self._uuid())
        vault = await self._home(principal)
        material = require_material(upstream.way.scheme, taken)
        connection = Connection(
            credential=Credential(
                id=id_,
                organization=principal.organization,
                workspace=principal.workspace,
                vault=vault,
                details=details_of(upstream),
                display_name=checked_name(new.name),
                metadata={},
                networking=Limited(HostSet()),
                surfaces=frozenset(),
                created_at=now,
                updated_at=now,
            ),
            attribution=Attribution(created_by=actor(principal), note=checked_note(new.note)),
            key_last4=taken.key_last4,
        )
        facts: Facts = {"model_provider": upstream.model_provider, "auth_type": upstream.auth_type}
        granted = await self._gate.admit(principal, Action.CONNECTION_CREATE, _target(connection), facts)
        custody = await self._custodian.keep(granted, connection.credential, material)
        await self._connections.add(connection, custody)
        self._forget(principal.workspace)
        return connection

    async def get(self, principal: Principal, connection: str) -> Connection:
        """Return a connection's description."""
        found, _ = await self._admitted(principal, Action.CONNECTION_READ, connection)
        return found

    async def all(self, principal: Principal) -> list[Connection]:
        """Return all, oldest first."""
        await self._gate.admit(principal, Action.CONNECTION_LIST, _all(principal))
        return await self._connections.all(principal.workspace)

    async def update(self, principal: Principal, connection: str, change: ConnectionChange) -> Connection:
        """Apply a change; the last write wins and none is lost. An empty one changes nothing.

        Raises `Invalid`, `NotFound`, and `Conflict` for a name that is taken.
        """
        action = Action.CONNECTION_ROTATE if change.sent else Action.CONNECTION_UPDATE
        facts: Facts = {"fields": ", ".join(change.fields) or "none"}
        found, granted = await self._admitted(principal, action, connection, facts)
        if change.is_empty:
            return found

        async def attempt() -> Connection | None:
            before, custody = await self._connections.held(principal.workspace, connection)
            after, material = await self._applied(granted, before, change, custody=custody)
            kept = None if material is None else await self._custodian.keep(granted, after.credential, material)
            if before.upstream.base_url != after.upstream.base_url and not change.sent:
                await self._moved(principal, before, after)
            done = await self._connections.replace(after, kept, expected=before.credential.revision)
            return after if done else None

        done = await changed(attempt, what=f"connection {connection}")
        self._forget(principal.workspace)
        return done

    async def delete(self, principal: Principal, connection: str) -> None:
        """Remove a connection with its secret. Raises `Conflict`, naming them, while providers use it."""
        await self._admitted(principal, Action.CONNECTION_DELETE, connection)
        await self._connections.delete(principal.workspace, connection)  # the envelope goes with its row
        self._forget(principal.workspace)

    async def aws_principal(self, principal: Principal) -> str | None:
        """Return who this server is in AWS, if the operator lets it be used."""
        await self._gate.admit(principal, Action.CONNECTION_LIST, _all(principal))
        return await self._identity.aws_principal()

    async def try_role(self, principal: Principal, check: RoleCheck) -> None:
        """Try whether a role can be taken on; nothing is stored. Raises `Invalid`."""
        await self._gate.admit(principal, Action.CONNECTION_CHECK, _all(principal), {"role": check.iam_role_arn})
        await self._identity.try_role(check.checked())

    async def try_google(self, principal: Principal, check: GoogleCheck) -> None:
        """Try whether Google issues a token; nothing is stored. Raises `Invalid`."""
        check.read()
        await self._gate.admit(principal, Action.CONNECTION_CHECK, _all(principal), {"auth_type": check.auth_type})
        await self._identity.try_google(check)

    async def trust(self, principal: Principal, connection: str) -> tuple[str, str]:
        """Return whom a role's account has to trust, and under which external id. Raises `Invalid`."""
        found, _ = await self._admitted(principal, Action.CONNECTION_READ, connection)
        external_id = found.upstream.settings.get("external_id")
        if not isinstance(external_id, str):
            raise Invalid("must be aws_role: there is no trust to set up for others", field="auth_type")
        arn = await self._identity.aws_principal()
        if arn is None:
            raise Invalid("this server has no AWS identity that accounts could trust", code="credential_unavailable")
        return arn, external_id

    async def _applied(
        self, granted: Granted, before: Connection, change: ConnectionChange, *, custody: Custody
    ) -> tuple[Connection, Material | None]:
        """Return a connection after a change, and what is to be sealed anew with it, if anything is."""
        name, upstream, taken = change.read(before, self._uuid)
        moved = upstream.base.destination != before.upstream.base.destination
        if moved and self._require_secret and upstream.way.scheme.keeps_material and not change.sent:
            raise Invalid("must not lead to another host unless the secret is sent along", field="base_url")
        if upstream != before.upstream:
            self._require_allowed(upstream)
        stored = await self._stored(granted, before, custody, needed=not change.sent)
        rotated = _rotated(before, upstream, taken, stored)
        material = taken.material if rotated or stored is None else stored
        credential = replace(
            before.credential,
            details=details_of(upstream),
            display_name=name,
            revision=before.credential.revision + 1,
            updated_at=later(self._clock(), than=before.credential.updated_at),
        )
        after = attributed(
            before,
            actor(granted.principal),
            change,
            credential=credential,
            key_last4=taken.key_last4 if rotated else before.key_last4,
            secret_version=before.secret_version + 1 if rotated else before.secret_version,
        )
        reseals = rotated or credential.details != before.credential.details
        return after, material if reseals else None

    async def _stored(self, granted: Granted, before: Connection, custody: Custody, *, needed: bool) -> Material | None:
        """Return the secret that there is; where another one came, one that cannot be read is as good as none."""
        try:
            return await self._custodian.open(granted, before.credential, custody)
        except Unreadable:
            if needed:
                raise
            return None

    async def _moved(self, principal: Principal, before: Connection, after: Connection) -> None:
        facts = {"from": before.upstream.base.origin, "to": after.upstream.base.origin}
        await self._gate.observe(principal, MOVED, after.id, facts)

    async def _admitted(
        self, principal: Principal, action: Action, connection: str, facts: Facts | None = None
    ) -> tuple[Connection, Granted]:
        try:
            found = await self._connections.get(principal.workspace, connection)
        except NotFound:  # for whoever may not even ask, it is not there either
            await self._gate.admit(principal, action, Target(name=connection, workspace=principal.workspace), facts)
            raise
        if facts is not None:
            facts = {**facts, "secret_version": found.secret_version}  # the one in force while this is decided
        return found, await self._gate.admit(principal, action, _target(found), facts)

    def _require_allowed(self, upstream: Upstream) -> None:
        base, scheme = upstream.base, upstream.way.scheme
        if scheme.is_cloud:
            require_inference_host(upstream.model_provider, base, others=self._inference_hosts)
        self._destinations.require_allowed(base)

    def _uuid(self) -> str:
        return uuid_from(self._entropy(16))


def _rotated(before: Connection, upstream: Upstream, taken: Taken, stored: Material | None) -> bool:
    if upstream.way.scheme is not before.scheme:
        return True
    if not upstream.way.scheme.keeps_material or taken.material is None:
        return False
    return taken.material != stored  # secrets compare in constant time


def _all(principal: Principal) -> Target:
    return Target(name="connections", workspace=principal.workspace)


def _target(connection: Connection) -> Target:
    credential = connection.credential
    return Target(name=credential.id, workspace=credential.workspace, vault=credential.vault)
