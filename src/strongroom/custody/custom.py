"""A custom credential service, asked as Skyvern asks it (contract skyvern-credentials section 7).

Its four calls are all that there is: it gives each item its own id, and lists none. So what it took without our hearing
of the id cannot be found again; the journal says that it may be there.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, final
from urllib.parse import quote

from strongroom.core.calls import Reply
from strongroom.core.custodians import CUSTOM, CustomService
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.ids import OrganizationId
from strongroom.custody.elsewhere import (
    Declined,
    Kept,
    Parcel,
    call,
    is_success,
    json_object,
    leaves_open,
    usable,
)
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

GONE = frozenset({404, 410})
MAX_ID = 512
_WHO = "the custom credential service"
CHECK_SECONDS = 10.0


@final
class CustomVault:
    """Implements `ExternalVault`. `configured` says where an organization's service is, or raises `Invalid`."""

    name: ClassVar[str] = CUSTOM

    def __init__(self, *, control: Control, configured: Callable[[OrganizationId], Awaitable[CustomService]]) -> None:
        self._control = control
        self._configured = configured

    async def ready(self, organization: OrganizationId) -> None:
        """Raise `Invalid` if there is no service for this organization, or none that could be asked."""
        service = await self._configured(organization)
        try:
            _ = usable(service.api_base_url)
        except Invalid as invalid:
            raise Invalid(f"names {CUSTOM}, whose URL {invalid.rule}", field="vault_type") from None

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Create an item (P1). The service says what it is called."""
        body = json.dumps({"name": parcel.title, **_as_skyvern_writes(parcel.fields)}).encode()
        reply = await self._asked("POST", parcel.organization, body=body)
        if leaves_open(reply.status):
            raise BadReply(_answered(reply))
        if not is_success(reply.status):
            return Declined(_answered(reply))
        if reply.media_type != "application/json":
            raise BadReply(f"{_WHO} did not answer in application/json")
        given = json_object(reply, of=_WHO).get("id")
        if isinstance(given, bool) or not isinstance(given, str | int) or not 0 < len(str(given)) <= MAX_ID:
            raise BadReply(f"{_WHO} did not say what it calls the item")
        return Kept(str(given))

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:
        """Read an item (P2)."""
        reply = await self._asked("GET", organization, reference)
        if reply.status in GONE:
            raise BadReply(f"{_WHO} does not have this item any more")
        if not is_success(reply.status):
            raise BadReply(_answered(reply))
        return json_object(reply, of=_WHO)

    async def drop(self, item: Item) -> bool:
        """Delete an item (P3)."""
        if item.reference is None:
            return False
        reply = await self._asked("DELETE", item.organization, item.reference)
        if not is_success(reply.status) and reply.status not in GONE:
            raise BadReply(_answered(reply))
        return True

    async def check(self, organization: OrganizationId) -> None:
        """Ask whether the service answers (P4)."""
        reply = await self._asked("GET", organization, within=CHECK_SECONDS)
        if not is_success(reply.status):
            raise BadReply(_answered(reply))

    async def _asked(
        self,
        method: str,
        organization: OrganizationId,
        reference: str | None = None,
        *,
        body: bytes | None = None,
        within: float | None = None,
    ) -> Reply:
        service = await self._configured(organization)
        base = usable(service.api_base_url)
        url = base if reference is None else f"{base}/{quote(reference, safe='')}"
        headers = {"authorization": f"Bearer {service.api_token.reveal()}", "content-type": "application/json"}
        return await self._control.send(call(method, url, headers=headers, body=body), within=within)


@final
class HttpServiceCheck:
    """Implements `ServiceCheck`: P4 of a service that is configured nowhere yet."""

    def __init__(self, *, control: Control) -> None:
        self._control = control

    async def check_service(self, service: CustomService) -> None:
        """Raise `UpstreamFailure`, `NotPermitted` or `Invalid` unless the service answers."""

        async def configured(_organization: OrganizationId) -> CustomService:
            return service

        await CustomVault(control=self._control, configured=configured).check(OrganizationId(""))


def _as_skyvern_writes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as section 7.2 has them: `totp` always there, `totp_identifier` never."""
    written = {name: value for name, value in fields.items() if name != "totp_identifier"}
    return written | {"totp": written.get("totp")} if written.get("type") == "password" else written


def _answered(reply: Reply) -> str:
    """Say what the service answered, without its words."""
    return f"{_WHO} answered HTTP {reply.status}"
