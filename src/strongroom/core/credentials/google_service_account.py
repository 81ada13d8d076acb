"""The private key of a Google service account, exchanged for access tokens (RFC 7523)."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleServiceAccountDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "google_service_account"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleServiceAccount(ConnectionMaterial):
    """What signs assertions, and for whom. Where they are sent is never read from what a caller gave."""

    tag: ClassVar[str] = "google_service_account"
    client_email: Secret
    private_key: Secret
    private_key_id: Secret | None = None


GOOGLE_SERVICE_ACCOUNT = Kind(
    tag=GoogleServiceAccount.tag, details=GoogleServiceAccountDetails, material=GoogleServiceAccount
)
