"""Azure Key Vault, through Microsoft's own client, on our own connections.

An item is a secret of its own under a name that its id is in, so it can be found by its id alone. Deleting puts it
where it can be recovered from for as long as the vault is set to; it is purged from there where we may do that. The
client's retries are off: who asks for a secret is waiting, and what has to go is tried again by the sweeper.

The two libraries come with the extra `strongroom[azure]`, and are loaded when the first secret is asked for.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from strongroom.core.calls import Reply
from strongroom.core.custodians import AZURE, AzureIdentity, not_configured, not_usable
from strongroom.core.failures import BadReply
from strongroom.core.ids import OrganizationId
from strongroom.custody.elsewhere import Declined, Kept, Parcel, json_object, leaves_open, usable
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

if TYPE_CHECKING:
    from azure.identity.aio import ClientSecretCredential
    from azure.keyvault.secrets.aio import SecretClient

MAX_CHARACTERS = 25_000
"""The longest secret that Key Vault takes."""
_WHO = "Azure Key Vault"
_NAME = re.compile(r"[A-Za-z0-9-]{1,127}\Z")
_NOT_FOUND, _FORBIDDEN = 404, 403


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AzurePlace:
    """Where the vault is, and who says who we are. The vault is a name in the public cloud, or a URL."""

    vault: str
    authority: str | None = None

    @property
    def url(self) -> str:
        """The vault's URL."""
        return f"https://{self.vault}.vault.azure.net" if _NAME.match(self.vault) else usable(self.vault)


@final
@dataclass(frozen=True, slots=True)
class _Client:
    """A client, and for whom it signs in."""

    identity: AzureIdentity
    credential: "ClientSecretCredential"
    secrets: "SecretClient"


@final
class AzureVault:
    """Implements `ExternalVault`. `configured` says who an organization is, or raises `Invalid`."""

    name: ClassVar[str] = AZURE

    def __init__(
        self,
        *,
        control: Control,
        place: AzurePlace | None,
        configured: Callable[[OrganizationId], Awaitable[AzureIdentity]],
    ) -> None:
        self._control = control
        self._place = place
        self._configured = configured
        self._clients: dict[OrganizationId, _Client] = {}

    async def ready(self, organization: OrganizationId) -> None:
        """Raise `Invalid` if there is no vault, nobody to sign in as, or no library."""
        _ = await self._client(organization)

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Write the first version of a secret that nothing else is called."""
        written = json.dumps(parcel.fields, separators=(",", ":"))
        if len(written) > MAX_CHARACTERS:
            return Declined(f"{_WHO} takes at most {MAX_CHARACTERS} characters")
        name = named(parcel.organization, parcel.id)
        client = await self._client(parcel.organization)
        said: str | None = None
        async with _answers() as answer:
            said = (await client.set_secret(name, written, content_type="application/json", enabled=True)).name
        if answer.status is not None and not leaves_open(answer.status):
            return Declined(answer.words)
        answer.require_success()
        if said is None or said.lower() != name.lower():  # its names have no case
            raise BadReply(f"{_WHO} did not say that it wrote the item")
        return Kept(name)

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:
        """Read the newest version."""
        client = await self._client(organization)
        value: str | None = None
        async with _answers() as answer:
            value = (await client.get_secret(reference)).value
        if answer.status == _NOT_FOUND:
            raise BadReply(f"{_WHO} does not have this item any more")
        answer.require_success()
        return json_object(Reply(status=200, body=(value or "").encode()), of=_WHO)

    async def drop(self, item: Item) -> bool:
        """Delete a secret, and purge it where we may."""
        name = item.reference or named(item.organization, item.id)
        client = await self._client(item.organization)
        async with _answers() as answer:
            _ = await client.delete_secret(name)
        if answer.status != _NOT_FOUND:
            answer.require_success()
        async with _answers() as answer:
            await client.purge_deleted_secret(name)
        if answer.status not in {_NOT_FOUND, _FORBIDDEN}:
            answer.require_success()
        return True

    async def check(self, organization: OrganizationId) -> None:
        """Ask for one name."""
        client = await self._client(organization)
        async with _answers() as answer:
            async for _ in client.list_properties_of_secrets(max_page_size=1):
                break
        answer.require_success()

    async def _client(self, organization: OrganizationId) -> "SecretClient":
        if self._place is None:
            raise not_configured(self.name)
        identity = await self._configured(organization)
        found = self._clients.get(organization)
        if found is None or found.identity != identity:
            found = self._made(self._place, identity)
            self._clients[organization] = found
        return found.secrets

    def _made(self, place: AzurePlace, identity: AzureIdentity) -> _Client:
        try:
            from azure.identity.aio import ClientSecretCredential  # noqa: PLC0415 - an extra
            from azure.keyvault.secrets.aio import SecretClient  # noqa: PLC0415 - likewise

            from strongroom.custody.azure_transport import ControlTransport  # noqa: PLC0415 - likewise
        except ImportError:
            raise not_usable(self.name, "install strongroom[azure]") from None
        transport = ControlTransport(self._control)
        where = {} if place.authority is None else {"authority": place.authority}
        credential = ClientSecretCredential(
            identity.tenant_id,
            identity.client_id,
            identity.client_secret.reveal(),
            transport=transport,
            retry_total=0,
            **where,
        )
        secrets = SecretClient(vault_url=place.url, credential=credential, transport=transport, retry_total=0)
        return _Client(identity, credential, secrets)


@final
class _Answer:
    """What became of a call: `status` is None where it succeeded."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.words = ""

    def require_success(self) -> None:
        """Raise `BadReply` if the call did not succeed."""
        if self.status is not None:
            raise BadReply(self.words)


@asynccontextmanager
async def _answers() -> AsyncIterator[_Answer]:
    """Turn the client's errors into an answer, without the service's words; ours go through as they are."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError  # noqa: PLC0415 - an extra

    answer = _Answer()
    try:
        yield answer
    except ClientAuthenticationError as error:
        answer.status = error.status_code or _FORBIDDEN
        answer.words = f"{_WHO} does not accept the identity that is configured"
    except HttpResponseError as error:
        answer.status = error.status_code or 0
        answer.words = f"{_WHO} answered HTTP {answer.status}"
    except (AzureError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise BadReply(f"{_WHO} answered what its own client does not understand") from None


def named(organization: OrganizationId, item: str) -> str:
    """Return an item's name, of the characters that Key Vault knows."""
    return f"{organization}-{item}".replace("_", "")
