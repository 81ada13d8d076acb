"""An application of Microsoft Entra, whose secret is exchanged for access tokens (RFC 6749 section 4.4)."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEntraDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "azure_entra"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AzureEntra(ConnectionMaterial):
    """The application and its secret."""

    tag: ClassVar[str] = "azure_entra"
    tenant_id: Secret
    client_id: Secret
    client_secret: Secret


AZURE_ENTRA = Kind(tag=AzureEntra.tag, details=AzureEntraDetails, material=AzureEntra)
