"""Which MCP servers a session can speak to, and what each is called there.

Rules kept here (contract anthropic-vaults 6.2):
- a server is one that the session's agent declares, or one that a credential of the session's vaults is for;
- of several credentials for one server the first in the order of the session's vaults counts, and no other;
- a name means one server or none: a declared name, else a credential's id, else a host that only one of them has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final
from urllib.parse import quote

from strongroom.core.credentials import Credential
from strongroom.core.credentials.agent_identity import AgentIdentityDetails
from strongroom.core.failures import Invalid
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.plans import Destination
from strongroom.core.sessions import McpServer, Session


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One of them. `key` is what an address of ours names it by, `name` what people call it; both find it."""

    name: str
    key: str
    address: McpUrl
    credential: CredentialId | None = None
    vault: VaultId | None = None
    signed: bool = False
    """Whether it knows the agent by tokens that we sign: nothing that anybody could renew, but its own trust in us."""

    @property
    def destination(self) -> Destination:
        """Where it is dialled."""
        return Destination(self.address.scheme, self.address.host, self.address.port)

    @property
    def url(self) -> str:
        """As it was written."""
        return self.address.written


def served(session: Session, credentials: Iterable[Credential]) -> tuple[Served, ...]:
    """Return them all: first what the agent declares, then what credentials are for. `credentials` in any order."""
    first = _first_of_each(session, credentials)
    declared = _declared(session.agent.mcp_servers, first)
    known = {each.address for each in declared}
    others = [(address, credential) for address, credential in first.items() if address not in known]
    hosts = [address.host for address in (*known, *(address for address, _ in others))]
    names = {each.name for each in declared}
    return declared + tuple(
        Served(
            name=address.host if hosts.count(address.host) == 1 and address.host not in names else credential.id,
            key=credential.id,
            address=address,
            credential=credential.id,
            vault=credential.vault,
            signed=_is_signed(credential),
        )
        for address, credential in others
    )


def path_of(session: SessionId, name: str) -> str:
    """Return the path at which a session's server is found here."""
    return f"/mcp/{quote(session, safe='')}/{quote(name, safe='')}"


def find(servers: Sequence[Served], wanted: str) -> Served | None:
    """Return the one that a name means, or None."""
    for each in servers:
        if wanted in {each.name, each.key}:
            return each
    for each in servers:
        if each.credential == wanted:
            return each
    there = [each for each in servers if each.address.host == wanted.lower()]
    return there[0] if len(there) == 1 else None


def _first_of_each(session: Session, credentials: Iterable[Credential]) -> dict[McpUrl, Credential]:
    rank = {vault: place for place, vault in reversed(list(enumerate(session.vaults)))}
    first: dict[McpUrl, Credential] = {}
    for credential in sorted(credentials, key=lambda each: rank[each.vault]):
        address = credential.details.server()
        if address is not None:
            first.setdefault(address, credential)
    return first


def _declared(servers: Iterable[McpServer], first: dict[McpUrl, Credential]) -> tuple[Served, ...]:
    found: dict[str, Served] = {}
    for server in servers:
        try:
            address = server.address()
        except Invalid:
            continue  # nobody can speak to it
        credential = first.get(address)
        found.setdefault(
            server.name,
            Served(
                name=server.name,
                key=server.name,
                address=address,
                credential=None if credential is None else credential.id,
                vault=None if credential is None else credential.vault,
                signed=credential is not None and _is_signed(credential),
            ),
        )
    return tuple(found.values())


def _is_signed(credential: Credential) -> bool:
    return isinstance(credential.details, AgentIdentityDetails)
