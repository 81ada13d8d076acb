"""Sessions: opening one mints what its agent needs; ending one takes it all back."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import final

from strongroom.core import metadata as notes
from strongroom.core.actions import Action
from strongroom.core.binding import Binding
from strongroom.core.credentials import Credential
from strongroom.core.environments import CloudConfig, Environment, LimitedNetwork
from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal, Target
from strongroom.core.ids import SESSION, EnvironmentId, KeyId, NewId, SessionId, VaultId
from strongroom.core.mcp_servers import Served, served
from strongroom.core.mcp_tools import Tools, tools_of
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.pages import Page, PageQuery
from strongroom.core.placeholders import SEED_BYTES, derive
from strongroom.core.secret import Secret
from strongroom.core.sessions import MAX_VAULTS, Agent, McpServer, Session
from strongroom.core.sources import Clock, Entropy
from strongroom.crypto.tokens import digest, mint_session_token
from strongroom.services.contention import changed, later
from strongroom.services.gate import Gate
from strongroom.services.ports import Credentials, Environments, Seal, SessionFilter, Sessions, Vaults

MAX_LIFETIME = timedelta(days=30)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """What a caller says of a session to open. `lifetime` None means the server's default."""

    agent: Agent
    environment: EnvironmentId
    vaults: tuple[VaultId, ...] = ()
    title: str | None = None
    metadata: Mapping[str, str]
    lifetime: timedelta | None = None
    mcp_tools: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of which MCP servers it may use which tools only; a server by URL, credential id or a name of the agent's."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A fresh session with what is shown this once: its token, and the placeholders by variable name."""

    session: Session
    token: Secret
    placeholders: Mapping[str, str]
    servers: tuple[Served, ...]
    """The MCP servers that it can speak to as things stand."""


@final
class SessionService:
    """Use cases on sessions."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        sessions: Sessions,
        environments: Environments,
        vaults: Vaults,
        credentials: Credentials,
        seal: Seal,
        gate: Gate,
        clock: Clock,
        new_id: NewId,
        entropy: Entropy,
        lifetime: timedelta,
    ) -> None:
        self._sessions = sessions
        self._environments = environments
        self._vaults = vaults
        self._credentials = credentials
        self._seal = seal
        self._gate = gate
        self._clock = clock
        self._new_id = new_id
        self._entropy = entropy
        self._lifetime = lifetime

    async def open(self, principal: Principal, new: NewSession) -> Opened:
        """Open a session. Raises `NotFound` or `Invalid` for missing and archived vaults and environments."""
        now = self._clock()
        session = Session(
            id=SessionId(self._new_id(SESSION)),
            organization=principal.organization,
            workspace=principal.workspace,
            agent=new.agent,
            environment=new.environment,
            vaults=new.vaults,
            title=new.title,
            metadata=notes.checked(new.metadata),
            opened_by=KeyId(principal.id),
            created_at=now,
            updated_at=now,
            expires_at=now + self._checked_lifetime(new.lifetime),
        )
        if new.mcp_tools:
            session = replace(session, mcp_tools=await self._tools(session, new.mcp_tools))
        facts = {"session": session.id, "environment": new.environment, "vaults": " ".join(new.vaults)}
        await self._gate.admit(principal, Action.SESSION_CREATE, _target(principal, session.id), facts)
        await self._require_usable(session)
        token, seed = mint_session_token(self._entropy), self._entropy(SEED_BYTES)
        sealed = await self._seal.seal(seed_binding(session), seed)
        await self._sessions.add(session, token_digest=digest(token), seed=sealed)
        held = await self._held(session)
        return Opened(
            session=session, token=token, placeholders=_placeholders(session, seed, held), servers=served(session, held)
        )

    async def get(self, principal: Principal, session: SessionId) -> Session:
        """Return a session."""
        await self._gate.admit(principal, Action.SESSION_READ, _target(principal, session))
        return await self._sessions.get(principal.workspace, session)

    async def with_servers(self, principal: Principal, session: SessionId) -> tuple[Session, tuple[Served, ...]]:
        """Return a session, and the MCP servers that it can speak to as things stand."""
        found = await self.get(principal, session)
        return found, served(found, await self._held(found))

    async def page(self, principal: Principal, query: PageQuery, narrowed: SessionFilter) -> Page[Session]:
        """Return a page of sessions."""
        await self._gate.admit(principal, Action.SESSION_LIST, _target(principal, "sessions"))
        return await self._sessions.page(principal.workspace, query, replace(narrowed, now=self._clock()))

    async def update(
        self,
        principal: Principal,
        session: SessionId,
        *,
        title: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
        mcp_servers: Sequence[McpServer] | None = None,
    ) -> Session:
        """Change title, metadata or the agent's MCP servers; None keeps. Raises `Invalid` once it has ended."""
        await self._gate.admit(principal, Action.SESSION_UPDATE, _target(principal, session))

        async def attempt() -> Session | None:
            before = await self._sessions.get(principal.workspace, session)
            if before.archived_at is not None:
                raise Invalid(f"session {session} is archived")
            servers = before.agent.mcp_servers if mcp_servers is None else tuple(mcp_servers)
            after = replace(
                before,
                title=before.title if title is None else title,
                metadata=before.metadata if metadata is None else notes.patched(before.metadata, metadata),
                agent=replace(before.agent, mcp_servers=servers),
            )
            if after == before:
                return before
            if servers != before.agent.mcp_servers:
                environment = await self._environments.get(principal.workspace, before.environment)
                _require_listed(environment, servers)
            after = replace(after, updated_at=later(self._clock(), than=before.updated_at))
            return after if await self._sessions.replace(after, expected=before.updated_at) else None

        return await changed(attempt, what=f"session {session}")

    async def archive(self, principal: Principal, session: SessionId) -> Session:
        """End a session: its proxy identity and placeholders are worthless from here on. Repeating is harmless."""
        await self._gate.admit(principal, Action.SESSION_ARCHIVE, _target(principal, session), {"session": session})

        async def attempt() -> Session | None:
            before = await self._sessions.get(principal.workspace, session)
            if before.archived_at is not None:
                return before
            now = later(self._clock(), than=before.updated_at)
            after = replace(before, archived_at=now, updated_at=now)
            return after if await self._sessions.replace(after, expected=before.updated_at) else None

        return await changed(attempt, what=f"session {session}")

    async def delete(self, principal: Principal, session: SessionId) -> None:
        """End a session and remove it."""
        await self._gate.admit(principal, Action.SESSION_DELETE, _target(principal, session), {"session": session})
        await self._sessions.delete(principal.workspace, session)

    async def _require_usable(self, session: Session) -> None:
        environment = await self._environments.get(session.workspace, session.environment)
        environment.require_active()
        if len(session.vaults) > MAX_VAULTS:
            raise Invalid(f"must have at most {MAX_VAULTS} entries", field="vault_ids")
        for vault in dict.fromkeys(session.vaults):
            (await self._vaults.get(session.workspace, vault)).require_active()
        _require_listed(environment, session.agent.mcp_servers)

    async def _held(self, session: Session) -> list[Credential]:
        return [each for each, _ in await self._credentials.active_in(session.workspace, session.vaults)]

    async def _tools(self, session: Session, wanted: Mapping[str, Sequence[str]]) -> Tools:
        names: dict[str, McpUrl] = {}
        for server in session.agent.mcp_servers:
            with contextlib.suppress(Invalid):  # an unusable URL is nobody's address
                names[server.name] = server.address()
        for credential in await self._held(session):
            address = credential.details.server()
            if address is not None:
                names[credential.id] = address
        return tools_of(wanted, names)

    def _checked_lifetime(self, asked: timedelta | None) -> timedelta:
        if asked is None:
            return self._lifetime
        if not timedelta(seconds=1) <= asked <= MAX_LIFETIME:
            raise Invalid(f"must be 1 to {int(MAX_LIFETIME.total_seconds())} seconds", field="expires_in")
        return asked


def _placeholders(session: Session, seed: bytes, held: Iterable[Credential]) -> Mapping[str, str]:
    rank = {vault: place for place, vault in reversed(list(enumerate(session.vaults)))}
    names: dict[str, str] = {}
    for credential in sorted(held, key=lambda each: (each.variables() != each.variables(apart=True), rank[each.vault])):
        variables = credential.variables()  # first of all of those whose names somebody has chosen
        if names.keys() & variables.keys():
            variables = credential.variables(apart=True)
        if not names.keys() & variables.keys():  # parts that belong together are given together, or not at all
            shape = credential.placeholder
            names |= {name: derive(seed, credential.id, shape, part) for name, part in variables.items()}
    return names


def seed_binding(session: Session) -> Binding:
    """What a session's placeholder seed is sealed to."""
    return Binding(organization=session.organization, vault="", subject=session.id, kind="placeholder_seed", revision=1)


def _target(principal: Principal, name: str) -> Target:
    return Target(name=name, workspace=principal.workspace)


def _require_listed(environment: Environment, servers: Sequence[McpServer]) -> None:
    """Refuse MCP servers that a limited environment neither lists nor admits by its flag (contract 8.1)."""
    config = environment.config
    if not isinstance(config, CloudConfig) or not isinstance(config.network, LimitedNetwork):
        return
    if config.network.allow_mcp_servers:
        return
    policy = environment.policy()
    for server in servers:
        if not policy.covers(server.address().host):
            raise Invalid(
                f"MCP server {server.name} is not on the environment's allowed_hosts", field="agent.mcp_servers"
            )
