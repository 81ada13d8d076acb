"""OpenBao and HashiCorp Vault: the key/value engine, version 2, over its HTTP API.

An item is a path of its own under a prefix and the organization's id, so it can be found by its id alone. It is written
with `cas: 0`, which says "only if there is nothing", and dropped with all its versions and its metadata.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, final
from urllib.parse import quote

from strongroom.core.calls import Reply
from strongroom.core.custodians import OPENBAO, not_configured
from strongroom.core.failures import BadReply
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.custody.elsewhere import (
    Declined,
    Kept,
    Parcel,
    call,
    is_success,
    json_object,
    leaves_open,
    part,
    usable,
)
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

NOT_FOUND = 404


@final
class OpenBaoVault:
    """Implements `ExternalVault`. Without a URL and a token there is none."""

    name: ClassVar[str] = OPENBAO

    def __init__(  # noqa: PLR0913 - where it is, and where in it
        self,
        *,
        control: Control,
        url: str | None,
        token: Secret | None,
        mount: str,
        prefix: str,
        namespace: str | None,
    ) -> None:
        self._control = control
        self._url = url
        self._token = token
        self._mount = quote(mount.strip("/"), safe="/")
        self._prefix = prefix.strip("/")
        self._namespace = namespace

    async def ready(self, organization: OrganizationId) -> None:  # noqa: ARG002 - one server for all
        """Raise `Invalid` if no server is configured."""
        _ = self._where()

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Write the first version of a path that nothing has."""
        path = self._path(parcel.organization, parcel.id)
        written = json.dumps({"data": dict(parcel.fields), "options": {"cas": 0}}).encode()
        reply = await self._asked("POST", f"{self._mount}/data/{quote(path)}", body=written)
        if leaves_open(reply.status):
            raise BadReply(_answered(reply))
        if not is_success(reply.status):
            return Declined(_answered(reply))
        if part(json_object(reply, of="OpenBao"), "data", of="OpenBao").get("version") != 1:
            raise BadReply("OpenBao did not say that it wrote the item")
        return Kept(path)

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        """Read the newest version."""
        reply = await self._asked("GET", f"{self._mount}/data/{quote(reference)}")
        if reply.status == NOT_FOUND:
            raise BadReply("OpenBao does not have this item any more")
        if not is_success(reply.status):
            raise BadReply(_answered(reply))
        return part(part(json_object(reply, of="OpenBao"), "data", of="OpenBao"), "data", of="OpenBao")

    async def drop(self, item: Item) -> bool:
        """Delete all versions. A path that nothing has is deleted with success as well."""
        path = item.reference or self._path(item.organization, item.id)
        reply = await self._asked("DELETE", f"{self._mount}/metadata/{quote(path)}")
        if not is_success(reply.status) and reply.status != NOT_FOUND:
            raise BadReply(_answered(reply))
        return True

    async def check(self, organization: OrganizationId) -> None:  # noqa: ARG002 - as above
        """Ask whether the token is good."""
        reply = await self._asked("GET", "auth/token/lookup-self")
        if not is_success(reply.status):
            raise BadReply(_answered(reply))

    def _path(self, organization: OrganizationId, item: str) -> str:
        return "/".join(filter(None, (self._prefix, organization, item)))

    def _where(self) -> tuple[str, Secret]:
        if self._url is None or self._token is None:
            raise not_configured(self.name)
        return usable(self._url), self._token

    async def _asked(self, method: str, path: str, *, body: bytes | None = None) -> Reply:
        base, token = self._where()
        headers = {"x-vault-token": token.reveal(), "x-vault-request": "true", "content-type": "application/json"}
        if self._namespace is not None:
            headers["x-vault-namespace"] = self._namespace
        return await self._control.send(call(method, f"{base}/v1/{path}", headers=headers, body=body))


def _answered(reply: Reply) -> str:
    """Say what it answered, without its words."""
    return f"OpenBao answered HTTP {reply.status}"
