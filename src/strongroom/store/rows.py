"""Rows to core types and back. A row that cannot be read was not written by us: `Unreadable`."""

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Text, type_coerce

from strongroom.core.credentials import KINDS, Credential, Details
from strongroom.core.environments import (
    CloudConfig,
    Environment,
    EnvironmentConfig,
    LimitedNetwork,
    SelfHostedConfig,
    StrayPlaceholders,
)
from strongroom.core.failures import Invalid, Unreadable
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Limited, Networking, Site, Unrestricted
from strongroom.core.placeholders import Shape
from strongroom.core.sessions import Agent, McpServer, Session
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import Purpose, Vault
from strongroom.store.columns import parsed

T = TypeVar("T")

Row = Any
"""A row of a statement. SQLAlchemy types whole rows, not their names."""


def reads(noun: str) -> Callable[[Callable[[Row], T]], Callable[[Row], T]]:
    """Mark a function that reads a row of this noun: what it cannot read becomes `Unreadable`."""

    def walled(read: Callable[[Row], T]) -> Callable[[Row], T]:
        @wraps(read)
        def wall(row: Row) -> T:
            try:
                return read(row)
            except (AttributeError, KeyError, TypeError, ValueError, Invalid):
                raise Unreadable(f"{noun} {row.id} is not as it was written") from None

        return wall

    return walled


# --- vaults ------------------------------------------------------------------------------------


@reads("vault")
def read_vault(row: Row) -> Vault:
    """Read a row of `vaults`."""
    return Vault(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        display_name=row.display_name,
        metadata=row.metadata,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
        purpose=Purpose(row.purpose),
        home=row.home,
    )


def write_vault(vault: Vault) -> dict[str, object]:
    """Return the columns of a new vault."""
    return {
        "id": vault.id,
        "organization_id": vault.organization,
        "workspace_id": vault.workspace,
        "display_name": vault.display_name,
        "metadata": dict(vault.metadata),
        "created_at": vault.created_at,
        "updated_at": vault.updated_at,
        "archived_at": vault.archived_at,
        "purpose": vault.purpose.value,
        "home": vault.home,
    }


# --- credentials -------------------------------------------------------------------------------


@reads("credential")
def read_credential(row: Row) -> Credential:
    """Read a row of `credentials` that was selected by `described`, whose custody columns are not needed."""
    return Credential(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        vault=row.vault_id,
        details=_read_details(row.kind, row.details),
        display_name=row.display_name,
        metadata=row.metadata,
        networking=_networking_of(row.networking),
        surfaces=_surfaces_of(row.surfaces),
        placeholder=_placeholder_of(row.placeholder),
        custodian=row.kept_with,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


def write_credential(credential: Credential) -> dict[str, object]:
    """Return the columns of a new credential, without its custody."""
    return {
        "id": credential.id,
        "organization_id": credential.organization,
        "workspace_id": credential.workspace,
        "vault_id": credential.vault,
        "kind": credential.kind,
        "details": to_plain(credential.details),
        "unique_key": credential.unique_key,
        "display_name": credential.display_name,
        "metadata": dict(credential.metadata),
        "networking": _write_networking(credential.networking),
        "surfaces": sorted(credential.surfaces),
        "placeholder": to_plain(credential.placeholder),
        "kept_with": credential.custodian,
        "revision": credential.revision,
        "created_at": credential.created_at,
        "updated_at": credential.updated_at,
        "archived_at": credential.archived_at,
    }


_TOLD_BY_TEXT = frozenset({"details", "networking", "surfaces", "placeholder"})


def described(columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return columns as `read_credential` wants them selected.

    Those that hold JSON of which frozen things are made come as texts: what is made of a text is remembered, since
    rows name the same hosts and surfaces over and over, and the same rows are read again.
    """
    return [type_coerce(each, Text).label(each.name) if each.name in _TOLD_BY_TEXT else each for each in columns]


@lru_cache(maxsize=1024)
def _read_details(kind: str, text: str) -> Details:
    shape: Any = KINDS[kind].details  # a frozen dataclass, as `Kind` says
    details: Details = from_plain(shape, parsed(text))
    return details


@lru_cache(maxsize=1024)
def _networking_of(text: str) -> Networking:
    return _read_networking(parsed(text))


@lru_cache(maxsize=64)
def _surfaces_of(text: str) -> frozenset[Surface]:
    return frozenset(map(Surface, parsed(text)))


@lru_cache(maxsize=1024)
def _placeholder_of(text: str) -> Shape:
    return from_plain(Shape, parsed(text))


def _read_networking(plain: dict[str, Any]) -> Networking:
    if plain["type"] == "site":
        return Site.parse(plain["origin"])
    return Unrestricted() if plain["type"] == "unrestricted" else Limited(_read_hosts(plain))


def _write_networking(networking: Networking) -> dict[str, object]:
    match networking:
        case Unrestricted():
            return {"type": "unrestricted"}
        case Limited(hosts):
            return {"type": "limited", "hosts": hosts.texts()}
        case Site():
            return {"type": "site", "origin": networking.text}


def _read_hosts(plain: dict[str, Any]) -> HostSet:
    if plain["type"] != "limited":
        raise ValueError(plain["type"])
    return _parsed_hosts(tuple(plain["hosts"]))


_parsed_hosts = lru_cache(maxsize=1024)(HostSet.parse)
"""Many credentials name the same few hosts, and parsing is the dearest part of reading one."""


# --- environments ------------------------------------------------------------------------------


@reads("environment")
def read_environment(row: Row) -> Environment:
    """Read a row of `environments`."""
    return Environment(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        name=row.name,
        description=row.description,
        config=_read_config(row.config),
        metadata=row.metadata,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
        stray_placeholders=StrayPlaceholders(row.stray_placeholders),
    )


def write_environment(environment: Environment) -> dict[str, object]:
    """Return the columns of an environment."""
    return {
        "id": environment.id,
        "organization_id": environment.organization,
        "workspace_id": environment.workspace,
        "name": environment.name,
        "description": environment.description,
        "config": _write_config(environment.config),
        "metadata": dict(environment.metadata),
        "created_at": environment.created_at,
        "updated_at": environment.updated_at,
        "archived_at": environment.archived_at,
        "stray_placeholders": environment.stray_placeholders.value,
    }


def _read_config(plain: dict[str, Any]) -> EnvironmentConfig:
    if plain["type"] == "self_hosted":
        return SelfHostedConfig()
    network = plain["networking"]
    return CloudConfig(
        network=Unrestricted()
        if network["type"] == "unrestricted"
        else LimitedNetwork(
            hosts=_read_hosts(network),
            allow_mcp_servers=network["allow_mcp_servers"],
            allow_package_managers=network["allow_package_managers"],
        ),
        packages={name: tuple(packages) for name, packages in plain["packages"].items()},
    )


def _write_config(config: EnvironmentConfig) -> dict[str, object]:
    if isinstance(config, SelfHostedConfig):
        return {"type": "self_hosted"}
    network: dict[str, object] = {"type": "unrestricted"}
    if isinstance(config.network, LimitedNetwork):
        network = {
            "type": "limited",
            "hosts": config.network.hosts.texts(),
            "allow_mcp_servers": config.network.allow_mcp_servers,
            "allow_package_managers": config.network.allow_package_managers,
        }
    return {"type": "cloud", "networking": network, "packages": dict(config.packages)}


# --- sessions ----------------------------------------------------------------------------------


@reads("session")
def read_session(row: Row) -> Session:
    """Read a row of `sessions`."""
    return Session(
        id=row.id,
        organization=row.organization_id,
        workspace=row.workspace_id,
        agent=_read_agent(row.agent),
        environment=row.environment_id,
        vaults=tuple(row.vaults),
        title=row.title,
        metadata=row.metadata,
        opened_by=row.opened_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
        archived_at=row.archived_at,
        mcp_tools={server: tuple(names) for server, names in row.mcp_tools.items()},
    )


def write_session(session: Session) -> dict[str, object]:
    """Return the columns of a session, without token and seed."""
    return {
        "id": session.id,
        "organization_id": session.organization,
        "workspace_id": session.workspace,
        "agent_id": session.agent.id,
        "agent_version": session.agent.version,
        "agent": _write_agent(session.agent),
        "environment_id": session.environment,
        "vaults": session.vaults,
        "title": session.title,
        "metadata": dict(session.metadata),
        "opened_by": session.opened_by,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "expires_at": session.expires_at,
        "archived_at": session.archived_at,
        "mcp_tools": dict(session.mcp_tools),
    }


def _read_agent(plain: dict[str, Any]) -> Agent:
    servers = tuple(McpServer(name=server["name"], url=server["url"]) for server in plain["mcp_servers"])
    return Agent(
        id=plain["id"],
        version=plain["version"],
        model=plain["model"],
        system=plain["system"],
        mcp_servers=servers,
    )


def _write_agent(agent: Agent) -> dict[str, object]:
    return to_plain(agent)  # type: ignore[no-any-return]
