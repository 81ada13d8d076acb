"""Sessions: wire to core and back."""

from collections.abc import Iterable
from datetime import datetime

from strongroom.core.fields import write_time
from strongroom.core.ids import EnvironmentId, VaultId
from strongroom.core.sessions import EXTERNAL_MODEL, Agent, McpServer, Session
from strongroom.dialects.anthropic import wire_sessions as wire
from strongroom.dialects.anthropic.moments import shown
from strongroom.services.access import Egress
from strongroom.services.sessions import NewSession


def new(sent: wire.NewSession) -> NewSession:
    """Return the session to open."""
    return NewSession(
        agent=_agent(sent.agent),
        environment=EnvironmentId(sent.environment_id),
        vaults=tuple(map(VaultId, sent.vault_ids)),
        title=sent.title,
        metadata=sent.metadata or {},
    )


def servers(sent: Iterable[wire.McpServerParam]) -> tuple[McpServer, ...]:
    """Return the servers that an agent declares."""
    return tuple(McpServer(name=server.name, url=server.url) for server in sent)


def from_core(session: Session, now: datetime) -> wire.Session:
    """Return a session as it is shown at a moment: it may have expired meanwhile."""
    return {
        "id": session.id,
        "type": "session",
        "agent": _agent_shown(session.agent),
        "environment_id": session.environment,
        "vault_ids": list(session.vaults),
        "title": session.title,
        "metadata": dict(session.metadata),
        "status": session.status(now).value,
        "resources": [],
        "outcome_evaluations": [],
        "stats": {},
        "usage": {},
        "budget": None,
        "deployment_id": None,
        "created_at": write_time(session.created_at),
        "updated_at": write_time(session.updated_at),
        "archived_at": shown(session.archived_at),
    }


def opened(session: Session, egress: Egress, now: datetime) -> wire.OpenedSession:
    """Return a session that was just created, with what is shown this once."""
    return {
        **from_core(session, now),
        "egress": {
            "proxy_url": egress.proxy_url,
            "token": egress.token,
            "env": dict(egress.env),
            "ca_certificate": egress.ca_certificate,
            "mcp_servers": [
                {
                    "name": server.name,
                    "url": server.url,
                    "mcp_server_url": server.mcp_server_url,
                    "credential_id": server.credential_id,
                }
                for server in egress.mcp_servers
            ],
        },
    }


def _agent(sent: str | wire.AgentReference | wire.AgentWithOverrides) -> Agent:
    match sent:
        case str():
            return Agent(id=sent)
        case wire.AgentReference():
            return Agent(id=sent.id, version=sent.version)
        case wire.AgentWithOverrides():
            model = sent.model.id if isinstance(sent.model, wire.ModelConfig) else sent.model
            return Agent(
                id=sent.id,
                version=sent.version,
                model=model or EXTERNAL_MODEL,
                system=sent.system,
                mcp_servers=servers(sent.mcp_servers),
            )


def _agent_shown(agent: Agent) -> wire.Agent:
    return {
        "id": agent.id,
        "type": "agent",
        "name": agent.id,
        "version": agent.version,
        "model": {"id": agent.model},
        "description": None,
        "system": agent.system,
        "mcp_servers": [{"name": server.name, "type": "url", "url": server.url} for server in agent.mcp_servers],
        "skills": [],
        "tools": [],
        "multiagent": None,
        "execution_identity": {"type": "service_account"},
    }
