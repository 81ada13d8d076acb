"""Bitwarden, through a `bw serve` process that the operator runs (contract skyvern-credentials 6.2).

`bw serve` has no authentication of its own and speaks plain http, so it must stand where nobody else reaches it; it is
asked only at addresses that the operator has listed. It gives each item its own id, but it also lists: every item that
we make carries its id of the journal in a field, and is found by that after a crash.

An organization that has configured its own account is served only if `bw serve` is signed in as that account, and
after its master password has proved right once: the process may have been unlocked with another's.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, final
from urllib.parse import quote, urlencode

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.custodians import BITWARDEN, BitwardenAccount, not_configured
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.custody.bitwarden_items import mark_of, read_item, shown_item, written_item
from strongroom.custody.elsewhere import Kept, Parcel, json_object, part, usable
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

LIST_BYTES = 64 << 20
"""The most that is read of a list: `bw serve` returns items whole."""
RENEWALS = 4
"""How often `bw serve` renews its copy before something counts as missing. It answers from the copy, which may be
behind what it has just been given: what a sync read that was under way already is written over it, by that sync and
by each that joined it, and they end in any order."""
_WHO = "Bitwarden"
_OK, _BAD, _NOT_FOUND = 200, 400, 404
_MISSING = "not found"


@final
class BitwardenVault:
    """Implements `ExternalVault`. `collections_of` is Bitwarden's organization that items go to, if not one's own."""

    name: ClassVar[str] = BITWARDEN

    def __init__(
        self,
        *,
        control: Control,
        url: str | None,
        collections_of: str | None,
        configured: Callable[[OrganizationId], Awaitable[BitwardenAccount]],
    ) -> None:
        self._control = control
        self._url = url
        self._collections_of = collections_of
        self._configured = configured
        self._proved: dict[OrganizationId, Secret] = {}

    async def ready(self, organization: OrganizationId) -> None:
        """Raise `Invalid` if there is no `bw serve`, or no account for this organization."""
        _ = self._base()
        _ = await self._configured(organization)

    async def keep(self, parcel: Parcel) -> Kept:
        """Create an item, in the organization's collection where there are collections."""
        await self._unlock(parcel.organization)
        item = written_item(
            parcel.fields,
            title=parcel.title,
            mark=parcel.id,
            organization=self._collections_of,
            collection=await self._collection(parcel.organization, made=True),
        )
        reply = await self._asked("POST", "/object/item", item)
        # Its server's refusal looks like its silence here. Either way `drop` looks whether the item is there.
        created = _found(reply).get("id")
        if not isinstance(created, str) or not created:
            raise BadReply(f"{_WHO} did not say what it calls the item")
        return Kept(created)

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:
        """Read an item."""
        await self._unlock(organization)
        reply = await self._asked_of_its_server("GET", f"/object/item/{quote(reference, safe='')}")
        if _is_missing(reply):
            raise BadReply(f"{_WHO} does not have this item any more")
        return read_item(_found(reply))

    async def drop(self, item: Item) -> bool:
        """Delete an item past the trash."""
        await self._unlock(item.organization)
        reference = item.reference or await self._named(item)
        if reference is not None:
            where = f"/object/item/{quote(reference, safe='')}?permanent=true"
            reply = await self._asked_of_its_server("DELETE", where)
            if not _is_missing(reply):
                _require_success(reply)
        return True

    async def check(self, organization: OrganizationId) -> None:
        """Unlock it."""
        await self._unlock(organization)

    async def listed(self, organization: OrganizationId) -> Sequence[Mapping[str, str | None]] | None:
        """Return what people call an organization's items; None if what is there may be another organization's.

        Implements `Listing`.
        """
        try:
            await self.ready(organization)
        except Invalid:
            return None
        if self._collections_of is None and not (await self._configured(organization)).email:
            return None
        return [shown_item(each) for each in await self.items(organization)]

    async def items(self, organization: OrganizationId) -> Sequence[Mapping[str, Any]]:
        """Return the items of an organization's collection, or of the account. They have their secrets in them."""
        await self._unlock(organization)
        narrowed = {}
        if self._collections_of is not None:
            collection = await self._collection(organization, made=False)
            if collection is None:
                return ()
            narrowed = {"collectionId": collection}
        return await self._list("items", narrowed)

    async def _asked_of_its_server(self, method: str, where: str) -> Reply:
        """Ask about an item. What is missing in the program's copy alone is not missing, and must not stay behind."""
        reply = await self._asked(method, where)
        for _ in range(RENEWALS):
            if not _is_missing(reply):
                break
            await self._renew()
            reply = await self._asked(method, where)
        return reply

    async def _renew(self) -> None:
        """Have it renew its copy, whatever the two clocks say of its age."""
        _require_success(await self._asked("POST", "/sync?force=true"))

    async def _named(self, item: Item) -> str | None:
        """Return what Bitwarden calls an item whose id never arrived, if it has it."""
        for _ in range(RENEWALS):
            await self._renew()
            for found in await self.items(item.organization):
                if mark_of(found) == item.id and isinstance(found.get("id"), str):
                    return str(found["id"])
        return None

    async def _collection(self, organization: OrganizationId, *, made: bool) -> str | None:
        """Return the organization's collection, made if it is missing and may be; None where there are none."""
        if self._collections_of is None:
            return None
        of = {"organizationId": self._collections_of}
        for found in await self._list("org-collections", of):
            if found.get("name") == organization and isinstance(found.get("id"), str):
                return str(found["id"])
        if not made:
            return None
        wanted: dict[str, Any] = {**of, "name": organization, "externalId": None, "groups": [], "users": []}
        created = _found(await self._asked("POST", f"/object/org-collection?{urlencode(of)}", wanted)).get("id")
        if not isinstance(created, str):
            raise BadReply(f"{_WHO} did not say what it calls the collection")
        return created

    async def _list(self, what: str, narrowed: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        query = f"?{urlencode(narrowed)}" if narrowed else ""
        listed = _found(await self._asked("GET", f"/list/object/{what}{query}")).get("data")
        if not isinstance(listed, list):
            raise BadReply(f"{_WHO} did not answer with a list")
        return [each for each in listed if isinstance(each, dict)]

    async def _unlock(self, organization: OrganizationId) -> None:
        account = await self._configured(organization)
        status = part(_found(await self._asked("GET", "/status")), "template", of=_WHO)
        if account.email and str(status.get("userEmail")).lower() != account.email.lower():
            raise BadReply("bw serve is not signed in as the account that is configured")
        proved = not account.email or self._proved.get(organization) == account.master_password
        if status.get("status") == "unlocked" and proved:
            return
        reply = await self._asked("POST", "/unlock", {"password": account.master_password.reveal()})
        if reply.status != _OK:
            raise BadReply("bw serve cannot be unlocked: sign in with `bw login`, and check the master password")
        self._proved[organization] = account.master_password

    def _base(self) -> str:
        if self._url is None:
            raise not_configured(self.name)
        return usable(self._url)

    async def _asked(self, method: str, path: str, said: object = None) -> Reply:
        body = None if said is None else json.dumps(said).encode()
        call = Call(
            method=method,
            url=ControlUrl.parse(self._base() + path, insecure=True),
            headers={"content-type": "application/json"},
            body=body,
            limit_bytes=LIST_BYTES,
            ordinary_only=True,
        )
        return await self._control.send(call)


def _found(reply: Reply) -> dict[str, Any]:
    """Return what an answer has in it. Raises `BadReply` unless it says that it succeeded."""
    _require_success(reply)
    return part(json_object(reply, of=_WHO), "data", of=_WHO)


def _require_success(reply: Reply) -> None:
    if reply.status != _OK or json_object(reply, of=_WHO).get("success") is not True:
        raise BadReply(_answered(reply))


def _is_missing(reply: Reply) -> bool:
    if reply.status == _NOT_FOUND:
        return True
    if reply.status != _BAD:
        return False
    said = json_object(reply, of=_WHO).get("message")
    return isinstance(said, str) and said.rstrip(".").lower() == _MISSING


def _answered(reply: Reply) -> str:
    """Say what it answered, without its words."""
    return f"{_WHO} answered HTTP {reply.status}"
