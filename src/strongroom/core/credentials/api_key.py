"""A vendor's API key, sent in the header that the vendor reads."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "api_key"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(ConnectionMaterial):
    """The key."""

    tag: ClassVar[str] = "api_key"
    key: Secret


API_KEY = Kind(tag=ApiKey.tag, details=ApiKeyDetails, material=ApiKey)
