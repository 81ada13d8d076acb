"""What environments look like on this wire: the vendor's network policy, and what becomes of stray placeholders."""

from typing import Annotated, Literal

from pydantic import Field

from strongroom.core.environments import MAX_HOSTS, MAX_NAME, StrayPlaceholders
from strongroom.dialects.native.shapes import Answer, Asked, Metadata, Moment, Text

Name = Annotated[Text, Field(min_length=1, max_length=MAX_NAME)]
Stray = Annotated[
    StrayPlaceholders,
    Field(
        strict=False,
        description="What happens to a request with a placeholder that does not belong where it was sent: `report` "
        "lets it go out with the worthless literal, `refuse` answers 403. Both raise a security event.",
    ),
]


class UnrestrictedNetworking(Asked):
    """Every host."""

    type: Literal["unrestricted"]


class LimitedNetworking(Asked):
    """The listed hosts and what the flags add. What is left out is off, or stays as it is."""

    type: Literal["limited"]
    allowed_hosts: Annotated[list[Text], Field(max_length=MAX_HOSTS)] | None = None
    allow_mcp_servers: bool | None = None
    allow_package_managers: bool | None = None


Networking = Annotated[UnrestrictedNetworking | LimitedNetworking, Field(discriminator="type")]


class NetworkConfig(Asked):
    """A configuration with a network policy."""

    type: Literal["cloud"] = "cloud"
    networking: Networking | None = None


class NewEnvironmentBody(Asked):
    """An environment to make. Without a configuration every host is allowed."""

    name: Name
    description: Text | None = None
    config: NetworkConfig | None = None
    stray_placeholders: Stray = StrayPlaceholders.REPORT
    metadata: Metadata | None = None


class EnvironmentChangeBody(Asked):
    """A change; what is left out stays."""

    name: Name | None = None
    description: Text | None = Field(None, description="null takes it away.")
    config: NetworkConfig | None = None
    stray_placeholders: Stray | None = None
    metadata: dict[Text, Text | None] | None = Field(None, description="null takes a key away.")


class UnrestrictedShown(Answer):
    """Every host."""

    type: Literal["unrestricted"] = "unrestricted"


class LimitedShown(Answer):
    """The listed hosts and the flags."""

    type: Literal["limited"] = "limited"
    allowed_hosts: list[str]
    allow_mcp_servers: bool
    allow_package_managers: bool


class ConfigShown(Answer):
    """A configuration with a network policy."""

    type: Literal["cloud"] = "cloud"
    networking: UnrestrictedShown | LimitedShown


class SelfHostedShown(Answer):
    """A configuration without one: every host is allowed."""

    type: Literal["self_hosted"] = "self_hosted"


class EnvironmentAnswer(Answer):
    """An environment."""

    id: str
    type: Literal["environment"] = "environment"
    name: str
    description: str | None
    config: ConfigShown | SelfHostedShown
    stray_placeholders: StrayPlaceholders
    metadata: dict[str, str]
    created_at: Moment
    updated_at: Moment
    archived_at: Moment | None


class EnvironmentPage(Answer):
    """Environments, newest first."""

    data: list[EnvironmentAnswer]
    next_page: str | None
