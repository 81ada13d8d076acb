"""Environments: the network policy that sessions run under (contract anthropic-vaults 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, HostPattern, HostSet
from strongroom.core.ids import EnvironmentId, OrganizationId, WorkspaceId
from strongroom.core.networking import Limited, Unrestricted

MAX_HOSTS = 256
MAX_NAME = 256
"""Characters in an environment's name."""
PACKAGE_MANAGERS = ("apt", "cargo", "gem", "go", "npm", "pip")

PACKAGE_HOSTS = HostSet.parse(
    (
        "pypi.org",
        "files.pythonhosted.org",
        "registry.npmjs.org",
        "registry.yarnpkg.com",
        "nodejs.org",
        "crates.io",
        "index.crates.io",
        "static.crates.io",
        "static.rust-lang.org",
        "rubygems.org",
        "index.rubygems.org",
        "proxy.golang.org",
        "sum.golang.org",
        "go.dev",
        "storage.googleapis.com",
        "deb.debian.org",
        "security.debian.org",
        "archive.ubuntu.com",
        "security.ubuntu.com",
        "ports.ubuntu.com",
        "github.com",
        "codeload.github.com",
        "objects.githubusercontent.com",
        "raw.githubusercontent.com",
        "ghcr.io",
    )
)
"""What `allow_package_managers` adds: the public package and code hosts."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedNetwork:
    """Deny by default: the listed hosts, and what the two flags add."""

    hosts: HostSet = HostSet()
    allow_mcp_servers: bool = False
    allow_package_managers: bool = False


EnvironmentNetwork = Unrestricted | LimitedNetwork


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """A configuration that carries a network policy. `packages` is kept and echoed, never installed."""

    network: EnvironmentNetwork = Unrestricted()
    packages: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        if isinstance(self.network, LimitedNetwork):
            if len(self.network.hosts) > MAX_HOSTS:
                raise Invalid(f"must have at most {MAX_HOSTS} entries", field="config.networking.allowed_hosts")
            if any(self.packages.values()) and not self.network.allow_package_managers:
                raise Invalid("needs networking.allow_package_managers to be true", field="config.packages")


@final
@dataclass(frozen=True, slots=True)
class SelfHostedConfig:
    """A configuration without a policy of its own on this wire."""


EnvironmentConfig = CloudConfig | SelfHostedConfig


class StrayPlaceholders(StrEnum):
    """What happens to a request with a live placeholder that does not belong where it was sent (DESIGN 5, line 7)."""

    REPORT = "report"
    """It goes out with the worthless literal, and a security event is raised."""
    REFUSE = "refuse"
    """It is refused, and the same event is raised."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment as anyone who may read it sees it."""

    id: EnvironmentId
    organization: OrganizationId
    workspace: WorkspaceId
    name: str
    description: str | None
    config: EnvironmentConfig
    metadata: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    stray_placeholders: StrayPlaceholders = StrayPlaceholders.REPORT

    def require_active(self) -> None:
        """Raise `Invalid` with the contract's code if the environment is archived."""
        if self.archived_at is not None:
            raise Invalid(f"environment {self.id} is archived", code="environment_archived")

    def policy(self, mcp_hosts: tuple[Host, ...] = ()) -> Unrestricted | Limited:
        """Return which hosts requests may go to; `mcp_hosts` are those of the session's agent."""
        if isinstance(self.config, SelfHostedConfig) or isinstance(self.config.network, Unrestricted):
            return Unrestricted()
        network = self.config.network
        hosts = network.hosts
        if network.allow_mcp_servers:
            hosts += HostSet(tuple(HostPattern(host, subdomains=False) for host in mcp_hosts))
        if network.allow_package_managers:
            hosts += PACKAGE_HOSTS
        return Limited(hosts)


NO_PACKAGES: Mapping[str, tuple[str, ...]] = dict.fromkeys(PACKAGE_MANAGERS, ())
