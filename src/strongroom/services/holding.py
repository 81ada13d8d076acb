"""What a session holds, where that belongs, and which changes it depends on. Pure."""

import contextlib
from collections.abc import Sequence

from strongroom.core.credentials import Credential
from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.core.sessions import Session
from strongroom.services.ports import Change, Custody, Subject


def mcp_hosts(session: Session) -> tuple[Host, ...]:
    """Return where the MCP servers of a session's agent are."""
    hosts: list[Host] = []
    for server in session.agent.mcp_servers:
        with contextlib.suppress(Invalid):  # an unusable URL allows nothing
            hosts.append(server.address().host)
    return tuple(hosts)


def first_of_each(session: Session, held: Sequence[tuple[Credential, Custody]]) -> list[tuple[Credential, Custody]]:
    """Order by the session's vaults and keep, of credentials with one key, the first (contract 6.2, 6.3)."""
    rank = {vault: place for place, vault in reversed(list(enumerate(session.vaults)))}
    chosen: dict[str, tuple[Credential, Custody]] = {}
    for credential, custody in sorted(held, key=lambda pair: rank[pair[0].vault]):
        chosen.setdefault(credential.unique_key, (credential, custody))
    return list(chosen.values())


def belongs(credential: Credential, destination: Destination) -> bool:
    """Tell whether a credential may be used at a destination, as far as the credential says."""
    server = credential.details.server()
    if server is not None:
        return (server.scheme, server.host, server.port) == (
            destination.scheme,
            destination.host,
            destination.port,
        )
    return credential.networking.admits(destination)


def concerns(change: Change, session: Session) -> bool:
    """Tell whether the plans of a session may depend on what changed."""
    match change.subject:
        case Subject.SESSION:
            return change.id == session.id
        case Subject.ENVIRONMENT:
            return change.id == session.environment
        case Subject.VAULT:
            return change.id in session.vaults
        case Subject.CREDENTIAL | Subject.TOKENS:
            return change.vault is None or change.vault in session.vaults
        case Subject.KEY:
            return change.id == session.opened_by
        case Subject.ROUTES | Subject.GATEWAY_KEY:  # the LLM gateway's; sessions have no part in it
            return False
