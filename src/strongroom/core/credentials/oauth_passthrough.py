"""Clients bring their own token of the vendor, which goes through; nothing is kept."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthPassthroughDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "oauth_passthrough"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthPassthrough(ConnectionMaterial):
    """Nothing: the token is the client's."""

    tag: ClassVar[str] = "oauth_passthrough"


OAUTH_PASSTHROUGH = Kind(tag=OAuthPassthrough.tag, details=OAuthPassthroughDetails, material=OAuthPassthrough)
