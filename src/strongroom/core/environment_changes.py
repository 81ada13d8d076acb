"""What a change to an environment does: what is not sent stays, in its networking too (contract 7.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal, final

from strongroom.core import metadata as notes
from strongroom.core.environments import (
    MAX_NAME,
    CloudConfig,
    Environment,
    EnvironmentConfig,
    EnvironmentNetwork,
    LimitedNetwork,
    SelfHostedConfig,
    StrayPlaceholders,
)
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Unrestricted
from strongroom.core.vaults import checked_name


class Keep(Enum):
    """Says of a field whose None means something that it was not sent."""

    KEEP = auto()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedChange:
    """Changes to a limited network; None keeps. A network that was unrestricted starts from the defaults."""

    hosts: HostSet | None = None
    allow_mcp_servers: bool | None = None
    allow_package_managers: bool | None = None

    def applied(self, stored: EnvironmentNetwork) -> LimitedNetwork:
        """Merge; nothing is remembered from an unrestricted network."""
        base = stored if isinstance(stored, LimitedNetwork) else LimitedNetwork()
        return LimitedNetwork(
            hosts=base.hosts if self.hosts is None else self.hosts,
            allow_mcp_servers=base.allow_mcp_servers if self.allow_mcp_servers is None else self.allow_mcp_servers,
            allow_package_managers=(
                base.allow_package_managers if self.allow_package_managers is None else self.allow_package_managers
            ),
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CloudChange:
    """Changes to a cloud configuration; None keeps, and so does a package list that is not named."""

    network: LimitedChange | Unrestricted | None = None
    packages: Mapping[str, tuple[str, ...]]

    def applied(self, stored: EnvironmentConfig) -> EnvironmentConfig:
        """Merge. Raises `Invalid` for a configuration of another type."""
        if not isinstance(stored, CloudConfig):
            raise _type_changed()
        network = stored.network
        match self.network:
            case LimitedChange():
                network = self.network.applied(stored.network)
            case Unrestricted():
                network = self.network
            case None:
                network = stored.network
        return CloudConfig(network=network, packages={**stored.packages, **self.packages})


@final
@dataclass(frozen=True, slots=True)
class SelfHostedChange:
    """Nothing in it can change; it only says the type."""

    def applied(self, stored: EnvironmentConfig) -> EnvironmentConfig:
        """Raises `Invalid` for a configuration of another type."""
        if not isinstance(stored, SelfHostedConfig):
            raise _type_changed()
        return stored


def _type_changed() -> Invalid:
    rule = "must be the environment's own type, which cannot be changed"
    return Invalid(rule, field="config.type", code="invalid_config_type_change")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentChange:
    """A whole change; None keeps. A description can be None, so it has a value of its own for that."""

    name: str | None = None
    description: str | Literal[Keep.KEEP] | None = Keep.KEEP
    config: CloudChange | SelfHostedChange | None = None
    metadata: Mapping[str, str | None] | None = None
    stray_placeholders: StrayPlaceholders | None = None

    def applied(self, environment: Environment) -> Environment:
        """Return the environment after the change. Raises `Invalid`."""
        return replace(
            environment,
            name=environment.name if self.name is None else checked_name(self.name, field="name", most=MAX_NAME),
            description=environment.description if self.description is Keep.KEEP else self.description,
            config=environment.config if self.config is None else self.config.applied(environment.config),
            metadata=notes.patched(environment.metadata, self.metadata or {}),
            stray_placeholders=self.stray_placeholders or environment.stray_placeholders,
        )
