"""Environments: wire to core and back."""

from collections.abc import Mapping
from typing import Literal

from strongroom.core.environment_changes import (
    CloudChange,
    EnvironmentChange,
    Keep,
    LimitedChange,
    SelfHostedChange,
)
from strongroom.core.environments import (
    NO_PACKAGES,
    PACKAGE_MANAGERS,
    CloudConfig,
    Environment,
    EnvironmentConfig,
    EnvironmentNetwork,
    LimitedNetwork,
    SelfHostedConfig,
)
from strongroom.core.fields import write_time
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Unrestricted
from strongroom.dialects.anthropic import wire_environments as wire
from strongroom.dialects.anthropic.moments import shown
from strongroom.services.environments import NewEnvironment


def new(sent: wire.NewEnvironment) -> NewEnvironment:
    """Return the environment to make. Raises `Invalid`."""
    config: EnvironmentConfig = CloudConfig(packages=NO_PACKAGES)
    if sent.config is not None and isinstance(change := _config(sent.config), CloudChange):
        config = change.applied(config)
    elif sent.config is not None:
        config = SelfHostedConfig()
    return NewEnvironment(name=sent.name, description=sent.description, config=config, metadata=sent.metadata or {})


def change(sent: wire.EnvironmentUpdate) -> EnvironmentChange:
    """Return the change. An empty metadata value deletes its key here, as null does (contract 7.3)."""
    patch = None if sent.metadata is None else {key: value or None for key, value in sent.metadata.items()}
    description: str | Literal[Keep.KEEP] | None = Keep.KEEP
    if "description" in sent.model_fields_set:
        description = sent.description
    config = None if sent.config is None else _config(sent.config)
    return EnvironmentChange(name=sent.name, description=description, config=config, metadata=patch)


def from_core(environment: Environment) -> wire.Environment:
    """Return an environment as it is shown."""
    return {
        "id": environment.id,
        "type": "environment",
        "name": environment.name,
        "description": environment.description,
        "config": _config_shown(environment.config),
        "metadata": dict(environment.metadata),
        "scope": "organization",
        "created_at": write_time(environment.created_at),
        "updated_at": write_time(environment.updated_at),
        "archived_at": shown(environment.archived_at),
    }


def _config(sent: wire.CloudConfig | wire.SelfHostedConfig) -> CloudChange | SelfHostedChange:
    if isinstance(sent, wire.SelfHostedConfig):
        return SelfHostedChange()
    return CloudChange(network=_network(sent.networking), packages=_packages(sent.packages))


def _network(sent: wire.UnrestrictedNetwork | wire.LimitedNetwork | None) -> LimitedChange | Unrestricted | None:
    match sent:
        case None:
            return None
        case wire.UnrestrictedNetwork():
            return Unrestricted()
        case wire.LimitedNetwork():
            return LimitedChange(
                hosts=None if sent.allowed_hosts is None else HostSet.parse(sent.allowed_hosts),
                allow_mcp_servers=sent.allow_mcp_servers,
                allow_package_managers=sent.allow_package_managers,
            )


def _packages(sent: wire.PackageLists | None) -> Mapping[str, tuple[str, ...]]:
    named = {} if sent is None else {name: getattr(sent, name) for name in PACKAGE_MANAGERS}
    return {name: tuple(packages) for name, packages in named.items() if packages is not None}


def _config_shown(config: EnvironmentConfig) -> wire.ConfigShown:
    if isinstance(config, SelfHostedConfig):
        return {"type": "self_hosted"}
    listed = {name: list(config.packages[name]) for name in PACKAGE_MANAGERS}
    return {
        "type": "cloud",
        "networking": _network_shown(config.network),
        "packages": {
            "type": "packages",
            "apt": listed["apt"],
            "cargo": listed["cargo"],
            "gem": listed["gem"],
            "go": listed["go"],
            "npm": listed["npm"],
            "pip": listed["pip"],
        },
    }


def _network_shown(network: EnvironmentNetwork) -> wire.UnrestrictedNetworkShown | wire.LimitedNetworkShown:
    if not isinstance(network, LimitedNetwork):
        return {"type": "unrestricted"}
    return {
        "type": "limited",
        "allowed_hosts": list(network.hosts.texts()),
        "allow_mcp_servers": network.allow_mcp_servers,
        "allow_package_managers": network.allow_package_managers,
    }
