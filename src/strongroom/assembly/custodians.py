"""The custodians of a process, put together from the settings of the deployment and those of organizations.

What a deployment sets holds for all organizations; only where it sets nothing do an organization's own settings count.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, final

from strongroom.core.custodians import (
    AZURE,
    BITWARDEN,
    CUSTOM,
    AzureIdentity,
    BitwardenAccount,
    Configured,
    CustomService,
    Provider,
    not_configured,
)
from strongroom.core.failures import NotReady
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.core.sources import Clock
from strongroom.custody import ExternalVault
from strongroom.custody.aws import AwsAccount, AwsVault
from strongroom.custody.azure import AzurePlace, AzureVault
from strongroom.custody.bitwarden import BitwardenVault
from strongroom.custody.custom import CustomVault
from strongroom.custody.gcp import GcpProject, GcpVault
from strongroom.custody.openbao import OpenBaoVault
from strongroom.services.oauth_ports import Control
from strongroom.services.provider_settings import SettingsBook
from strongroom.settings import Settings

C = TypeVar("C", bound=Configured)


@final
@dataclass(frozen=True, slots=True)
class Vaults:
    """Every vault that is not ours, by name; and the one that can list."""

    all: Mapping[str, ExternalVault]
    bitwarden: BitwardenVault


def external_vaults(settings: Settings, *, control: Control, book: SettingsBook, clock: Clock) -> Vaults:
    """Return every vault that is not ours, set up or not. Raises `NotReady`."""
    bitwarden = BitwardenVault(
        control=control,
        url=settings.bitwarden_url,
        collections_of=settings.bitwarden_organization_id,
        configured=_configured(BITWARDEN, Provider.BITWARDEN, BitwardenAccount, _account(settings), book),
    )
    others: tuple[ExternalVault, ...] = (
        CustomVault(
            control=control, configured=_configured(CUSTOM, Provider.CUSTOM, CustomService, _service(settings), book)
        ),
        AzureVault(
            control=control,
            place=None
            if settings.azure_vault is None
            else AzurePlace(vault=settings.azure_vault, authority=settings.azure_authority),
            configured=_configured(AZURE, Provider.AZURE, AzureIdentity, _identity(settings), book),
        ),
        GcpVault(control=control, project=_project(settings)),
        AwsVault(control=control, account=_aws(settings), clock=clock),
        OpenBaoVault(
            control=control,
            url=settings.openbao_url,
            token=settings.openbao_token,
            mount=settings.openbao_mount,
            prefix=settings.openbao_prefix,
            namespace=settings.openbao_namespace,
        ),
    )
    return Vaults(all={vault.name: vault for vault in (bitwarden, *others)}, bitwarden=bitwarden)


def _configured(
    custodian: str, provider: Provider, shape: type[C], deployments: C | None, book: SettingsBook
) -> Callable[[OrganizationId], Awaitable[C]]:
    """Return what says how a vault is set up for an organization, and raises `Invalid` if it is not."""

    async def configured(organization: OrganizationId) -> C:
        if deployments is not None:
            return deployments
        settled = await book.find(organization, provider)
        if settled is None or not isinstance(settled.configured, shape):
            raise not_configured(custodian)
        return settled.configured

    return configured


def _service(settings: Settings) -> CustomService | None:
    url, token = settings.custom_credential_api_base_url, settings.custom_credential_api_token
    return None if url is None or token is None else CustomService(api_base_url=url, api_token=token)


def _account(settings: Settings) -> BitwardenAccount | None:
    password = settings.bitwarden_master_password
    return None if password is None else BitwardenAccount(email="", master_password=password)


def _identity(settings: Settings) -> AzureIdentity | None:
    tenant, client, secret = settings.azure_tenant_id, settings.azure_client_id, settings.azure_client_secret
    if tenant is None or client is None or secret is None:
        return None
    return AzureIdentity(tenant_id=tenant, client_id=client, client_secret=secret)


def _project(settings: Settings) -> GcpProject | None:
    project, key = settings.gcp_project_id, settings.gcp_key_file
    if project is None or key is None:
        return None
    try:
        written = key.read_text(encoding="utf-8")
    except OSError as error:
        raise NotReady(f"STRONGROOM_GCP_KEY_FILE names {key}, which cannot be read ({error.strerror})") from None
    return GcpProject(project=project, key=Secret(written), prefix=settings.gcp_prefix, endpoint=settings.gcp_endpoint)


def _aws(settings: Settings) -> AwsAccount | None:
    region, key, secret = settings.aws_region, settings.aws_access_key_id, settings.aws_secret_access_key
    if region is None or key is None or secret is None:
        return None
    return AwsAccount(
        region=region,
        access_key_id=key,
        secret_access_key=secret,
        session_token=settings.aws_session_token,
        endpoint=settings.aws_endpoint,
        prefix=settings.aws_prefix,
    )
