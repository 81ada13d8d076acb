"""A Google service account that this server may act as with its own identity; nothing is kept."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleImpersonationDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "google_impersonation"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleImpersonation(ConnectionMaterial):
    """Nothing: the account is named in the settings."""

    tag: ClassVar[str] = "google_impersonation"


GOOGLE_IMPERSONATION = Kind(
    tag=GoogleImpersonation.tag, details=GoogleImpersonationDetails, material=GoogleImpersonation
)
