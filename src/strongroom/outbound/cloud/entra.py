"""Access tokens of Microsoft Entra for an application (RFC 6749 section 4.4), through Microsoft's own client.

An application's secret is shown to Microsoft's own authorities and to no other host, whatever the settings say. The
client's transport is handed in, so that what it sends goes over our own connections; its retries are off.

The library comes with the extra `strongroom[azure]`, and is loaded when the first token is asked for.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

from strongroom.core.credentials.azure_entra import AzureEntra
from strongroom.core.failures import Failure
from strongroom.core.secret import Secret
from strongroom.outbound.cloud.minting import Minted
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AsyncHttpTransport

SCOPES = {
    "azure_openai": "https://cognitiveservices.azure.com/.default",
    "azure_foundry": "https://ai.azure.com/.default",
}
"""By vendor."""
MISSING = "install strongroom[azure] to authenticate to Azure"
_CODE = re.compile(r"[a-z_]{1,64}\Z")
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


@final
class EntraTokens:
    """Has tokens issued. `transport` makes what Microsoft's client sends with; it may find the library missing."""

    def __init__(self, *, transport: "Callable[[], AsyncHttpTransport[Any, Any]]") -> None:
        self._transport = transport

    async def of(self, application: AzureEntra, *, authority: str, scope: str) -> Minted[Secret]:
        """Exchange an application's secret. Raises `CredentialUnavailable` and `ExchangeRefused`."""
        try:
            from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - an extra
            from azure.identity.aio import ClientSecretCredential  # noqa: PLC0415 - likewise

            transport = self._transport()
        except ImportError:
            raise CredentialUnavailable(MISSING) from None
        try:
            credential = ClientSecretCredential(
                application.tenant_id.reveal(),
                application.client_id.reveal(),
                application.client_secret.reveal(),
                authority=authority,
                transport=transport,
                retry_total=0,
            )
            found = await credential.get_token(scope)
        except ClientAuthenticationError as error:
            status = None if error.response is None else error.response.status_code
            if status in {_BAD_REQUEST, _UNAUTHORIZED}:
                raise ExchangeRefused(_code(error.response)) from None
            raise CredentialUnavailable("Microsoft Entra does not serve tokens now") from None
        except Failure as failure:
            raise CredentialUnavailable(f"Microsoft Entra cannot be asked: {failure}") from None
        except ValueError:
            raise CredentialUnavailable("the tenant or the client of this application is not one") from None
        except (AzureError, ArithmeticError, AttributeError, LookupError, TypeError):
            raise CredentialUnavailable("Microsoft Entra answered what its own client does not understand") from None
        if not found.token:
            raise CredentialUnavailable("Microsoft Entra answered without a token")
        return Minted(Secret(found.token), datetime.fromtimestamp(found.expires_on, UTC))


def _code(response: Any) -> str:  # noqa: ANN401 - the client's own
    """Return RFC 6749's `error` of an answer."""
    try:
        found = json.loads(response.text()).get("error")
    except (ValueError, AttributeError):
        found = None
    return found if isinstance(found, str) and _CODE.match(found) else "refused"
