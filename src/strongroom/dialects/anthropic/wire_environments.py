"""Environments on the wire (contract anthropic-vaults 7)."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from strongroom.core.environments import MAX_HOSTS, MAX_NAME
from strongroom.dialects.anthropic.fields import HostEntry, Metadata, MetadataPatch, Model, Text

EnvironmentName = Annotated[Text, Field(min_length=1, max_length=MAX_NAME)]
Packages = list[Text]


class UnrestrictedNetwork(Model):
    """Every host; a list or a flag beside it is refused."""

    type: Literal["unrestricted"]


class LimitedNetwork(Model):
    """The listed hosts and what the flags add. Null and left out: the default, or what is stored."""

    type: Literal["limited"]
    allowed_hosts: Annotated[list[HostEntry], Field(max_length=MAX_HOSTS)] | None = None
    allow_mcp_servers: bool | None = None
    allow_package_managers: bool | None = None


class PackageLists(Model):
    """Packages per manager: kept and echoed, never installed."""

    type: Literal["packages"] = "packages"
    apt: Packages | None = None
    cargo: Packages | None = None
    gem: Packages | None = None
    go: Packages | None = None
    npm: Packages | None = None
    pip: Packages | None = None


class CloudConfig(Model):
    """A configuration with a network policy."""

    type: Literal["cloud"]
    networking: Annotated[UnrestrictedNetwork | LimitedNetwork, Field(discriminator="type")] | None = None
    packages: PackageLists | None = None


class SelfHostedConfig(Model):
    """A configuration without a network policy of its own."""

    type: Literal["self_hosted"]


Config = Annotated[CloudConfig | SelfHostedConfig, Field(discriminator="type")]


class NewEnvironment(Model):
    """The body of a create."""

    name: EnvironmentName
    config: Config | None = None
    description: Text | None = None
    metadata: Metadata | None = None
    scope: Literal["organization"] | None = None


class EnvironmentUpdate(Model):
    """The body of an update. Null keeps, except for `description`, which it clears."""

    name: EnvironmentName | None = None
    config: Config | None = None
    description: Text | None = None
    metadata: MetadataPatch | None = None
    scope: Literal["organization"] | None = None


class UnrestrictedNetworkShown(TypedDict):
    """Every host."""

    type: Literal["unrestricted"]


class LimitedNetworkShown(TypedDict):
    """The listed hosts and the flags, all resolved."""

    type: Literal["limited"]
    allowed_hosts: list[str]
    allow_mcp_servers: bool
    allow_package_managers: bool


class PackagesShown(TypedDict):
    """All six lists."""

    type: Literal["packages"]
    apt: list[str]
    cargo: list[str]
    gem: list[str]
    go: list[str]
    npm: list[str]
    pip: list[str]


class CloudConfigShown(TypedDict):
    """A configuration with a network policy."""

    type: Literal["cloud"]
    networking: Annotated[UnrestrictedNetworkShown | LimitedNetworkShown, Field(discriminator="type")]
    packages: PackagesShown


class SelfHostedConfigShown(TypedDict):
    """A configuration without one."""

    type: Literal["self_hosted"]


ConfigShown = Annotated[CloudConfigShown | SelfHostedConfigShown, Field(discriminator="type")]


class Environment(TypedDict):
    """An environment."""

    id: str
    type: Literal["environment"]
    name: str
    description: str | None
    config: ConfigShown
    metadata: dict[str, str]
    scope: Literal["organization"]
    created_at: str
    updated_at: str
    archived_at: str | None


class EnvironmentPage(TypedDict):
    """A page, newest first."""

    data: list[Environment]
    next_page: str | None


class DeletedEnvironment(TypedDict):
    """The answer to a delete."""

    id: str
    type: Literal["environment_deleted"]
