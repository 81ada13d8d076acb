"""What organizations say of vaults of their own (contract skyvern-credentials 3.6), and what is shown: no secret."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from strongroom.core.custodians import AzureIdentity, BitwardenAccount, Configured, CustomService
from strongroom.core.secret import Secret
from strongroom.dialects.secret_fields import SecretText
from strongroom.dialects.validation import NO_NUL
from strongroom.services.provider_settings import Settled

MASK = "********"
"""What stands for a secret: forms only look whether there is one."""
_MAX = 4096

_Text = Annotated[str, Field(max_length=_MAX, pattern=NO_NUL)]
_TokenText = Annotated[Secret, SecretText(most=_MAX, least=0, in_header=True)]
_SecretText = Annotated[Secret, SecretText(most=_MAX)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)


class CustomConfig(_Model):
    """A custom credential service."""

    api_base_url: _Text
    api_token: _TokenText


class CustomRequest(_Model):
    """The body of its routes."""

    config: CustomConfig

    def configured(self) -> CustomService:
        """Return it as we know it."""
        return CustomService(api_base_url=self.config.api_base_url, api_token=self.config.api_token)


class BitwardenCredential(_Model):
    """An account."""

    email: Annotated[str, Field(max_length=320, pattern=r"^[^@\s\u0000]+@[^@\s\u0000]+$")]
    master_password: _SecretText


class BitwardenRequest(_Model):
    """The body of its route."""

    credential: BitwardenCredential

    def configured(self) -> BitwardenAccount:
        """Return it as we know it."""
        return BitwardenAccount(email=self.credential.email, master_password=self.credential.master_password)


class AzureCredential(_Model):
    """An application."""

    tenant_id: _Text
    client_id: _Text
    client_secret: _SecretText


class AzureRequest(_Model):
    """The body of its route."""

    credential: AzureCredential

    def configured(self) -> AzureIdentity:
        """Return it as we know it."""
        given = self.credential
        return AzureIdentity(tenant_id=given.tenant_id, client_id=given.client_id, client_secret=given.client_secret)


class Shown(TypedDict):
    """An answer about a provider."""

    token: dict[str, Any]


class Done(TypedDict):
    """An answer without anything to show."""

    success: bool


def shown(settled: Settled) -> Shown:
    """Return what is shown of settings, secrets masked."""
    kind, said = _said(settled.configured)
    known = {
        "id": settled.id,
        "organization_id": settled.organization,
        "token_type": kind,
        "valid": True,
        "created_at": _moment(settled.created_at),
        "modified_at": _moment(settled.modified_at),
    }
    return {"token": known | dict(said)}


def _said(configured: Configured) -> tuple[str, Mapping[str, Any]]:
    match configured:
        case CustomService(api_base_url=url):
            return "custom_credential_service", {"token": json.dumps({"api_base_url": url, "api_token": MASK})}
        case BitwardenAccount(email=email):
            return "bitwarden_credential", {"credential": {"email": email}}
        case AzureIdentity(tenant_id=tenant, client_id=client):
            said = {"tenant_id": tenant, "client_id": client, "client_secret": MASK}
            return "azure_client_secret_credential", {"credential": said}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
