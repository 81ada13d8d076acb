"""Who may keep a credential's secret: we, or a vault that its owner has already. Names, and what must be configured.

The names are those of contract skyvern-credentials 6.2 where it has one; ours is `skyvern` there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from strongroom.core.binding import Binding
from strongroom.core.credentials.credential import OURS
from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, SettingsId
from strongroom.core.secret import Secret

CUSTOM: Final = "custom"
BITWARDEN: Final = "bitwarden"
AZURE: Final = "azure_vault"
GCP: Final = "gcp"
AWS: Final = "aws_secrets_manager"
OPENBAO: Final = "openbao"

NAMES: Final = (OURS, CUSTOM, BITWARDEN, AZURE, GCP, AWS, OPENBAO)

NOT_CONFIGURED: Final = "custodian_not_configured"
"""The code of the refusals below."""


def not_configured(custodian: str) -> Invalid:
    """Return the refusal of a credential whose custodian nobody has set up here: it is never kept elsewhere instead."""
    return Invalid(f"names {custodian}, which is not configured here", field="vault_type", code=NOT_CONFIGURED)


def not_usable(custodian: str, why: str) -> Invalid:
    """Return the refusal of one that is configured, and cannot be used before the operator has done something."""
    return Invalid(f"names {custodian}, which cannot be used here: {why}", field="vault_type", code=NOT_CONFIGURED)


class Provider(StrEnum):
    """What an organization may configure for itself, as contract skyvern-credentials B10 names it."""

    BITWARDEN = "bitwarden"
    AZURE = "azure_credential"
    CUSTOM = "custom_credential"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CustomService:
    """A service that speaks contract skyvern-credentials section 7."""

    api_base_url: str
    api_token: Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BitwardenAccount:
    """Whose vault it is that `bw serve` serves, and what unlocks it."""

    email: str
    master_password: Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AzureIdentity:
    """An application of Microsoft Entra that may read and write secrets."""

    tenant_id: str
    client_id: str
    client_secret: Secret


Configured = CustomService | BitwardenAccount | AzureIdentity

SHAPES: Final[dict[Provider, type[Configured]]] = {
    Provider.CUSTOM: CustomService,
    Provider.BITWARDEN: BitwardenAccount,
    Provider.AZURE: AzureIdentity,
}


def settings_binding(organization: OrganizationId, provider: Provider, settings: SettingsId) -> Binding:
    """What an organization's settings are sealed to."""
    return Binding(organization=organization, vault="", subject=settings, kind=f"settings {provider}", revision=1)
