"""AWS Secrets Manager, over its JSON protocol, signed with our own SigV4.

An item is a secret of its own under a name that its id is in, so it can be found by its id alone. Creating says nothing
of names that are taken but that they are, so nothing is written over; deleting is at once and for good, since what is
dropped must not lie there for the thirty days that AWS would keep it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, final

from strongroom.core.calls import Reply
from strongroom.core.custodians import AWS, not_configured
from strongroom.core.failures import BadReply
from strongroom.core.ids import OrganizationId
from strongroom.core.secret import Secret
from strongroom.core.sigv4 import ALGORITHM, Scope, signature
from strongroom.core.sources import Clock
from strongroom.custody.elsewhere import Declined, Kept, Parcel, call, is_success, json_object, leaves_open, usable
from strongroom.services.custody_ports import Item
from strongroom.services.oauth_ports import Control

SERVICE = "secretsmanager"
MAX_BYTES = 65_536
"""The longest secret that AWS takes."""
_WHO = "AWS Secrets Manager"
_GONE = "ResourceNotFoundException"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccount:
    """Which region, and who we are there. `endpoint` is for private ones."""

    region: str
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    endpoint: str | None = None
    prefix: str = "strongroom/"


@final
class AwsVault:
    """Implements `ExternalVault`. Without an account there is none."""

    name: ClassVar[str] = AWS

    def __init__(self, *, control: Control, account: AwsAccount | None, clock: Clock) -> None:
        self._control = control
        self._account = account
        self._clock = clock

    async def ready(self, organization: OrganizationId) -> None:  # noqa: ARG002 - one account for all
        """Raise `Invalid` if no account is configured."""
        _ = self._configured()

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Create a secret. A repetition with the same token is the same secret, so AWS's own retries make no second."""
        written = json.dumps(parcel.fields, separators=(",", ":"))
        if len(written.encode()) > MAX_BYTES:
            return Declined(f"{_WHO} takes at most {MAX_BYTES} bytes")
        name = self._name(parcel.organization, parcel.id)
        asked = {
            "Name": name,
            "Description": "Kept for Strongroom: change or delete it there",
            "SecretString": written,
            "ClientRequestToken": hashlib.sha256(parcel.id.encode()).hexdigest(),
        }
        reply = await self._asked("CreateSecret", asked)
        if leaves_open(reply.status):
            raise BadReply(_answered(reply))
        if not is_success(reply.status):
            return Declined(_answered(reply))
        if json_object(reply, of=_WHO).get("Name") != name:
            raise BadReply(f"{_WHO} did not say that it wrote the item")
        return Kept(name)

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:  # noqa: ARG002 - as above
        """Read the current version."""
        reply = await self._asked("GetSecretValue", {"SecretId": reference})
        if _is_gone(reply):
            raise BadReply(f"{_WHO} does not have this item any more")
        if not is_success(reply.status):
            raise BadReply(_answered(reply))
        written = json_object(reply, of=_WHO).get("SecretString")
        return json_object(Reply(status=200, body=written.encode() if isinstance(written, str) else b""), of=_WHO)

    async def drop(self, item: Item) -> bool:
        """Delete a secret without the time in which it could be recovered."""
        name = item.reference or self._name(item.organization, item.id)
        reply = await self._asked("DeleteSecret", {"SecretId": name, "ForceDeleteWithoutRecovery": True})
        if not is_success(reply.status) and not _is_gone(reply):
            raise BadReply(_answered(reply))
        return True

    async def check(self, organization: OrganizationId) -> None:  # noqa: ARG002 - as above
        """Ask for a list of at most one."""
        reply = await self._asked("ListSecrets", {"MaxResults": 1})
        if not is_success(reply.status):
            raise BadReply(_answered(reply))

    def _name(self, organization: OrganizationId, item: str) -> str:
        return f"{self._configured().prefix}{organization}/{item}"

    def _configured(self) -> AwsAccount:
        if self._account is None:
            raise not_configured(self.name)
        return self._account

    async def _asked(self, action: str, said: Mapping[str, Any]) -> Reply:
        account = self._configured()
        body = json.dumps(said).encode()
        base = usable(account.endpoint or f"https://{SERVICE}.{account.region}.amazonaws.com")
        unsigned = call("POST", base, body=body)
        headers = _signed(account, self._clock(), unsigned.url.destination.authority, action, body)
        return await self._control.send(call("POST", base, headers=headers, body=body))


def _signed(account: AwsAccount, now: datetime, host: str, action: str, body: bytes) -> dict[str, str]:
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    fields = {
        "content-type": "application/x-amz-json-1.1",
        "host": host,
        "x-amz-date": moment,
        "x-amz-target": f"secretsmanager.{action}",
    }
    if account.session_token is not None:
        fields["x-amz-security-token"] = account.session_token.reveal()
    names = sorted(fields)
    payload = hashlib.sha256(body).hexdigest()
    written = "".join(f"{name}:{fields[name]}\n" for name in names)
    canonical = "\n".join(("POST", "/", "", written, ";".join(names), payload)).encode()
    scope = Scope(moment[:8].encode(), account.region.encode(), SERVICE.encode())
    key = scope.key(account.secret_access_key.reveal())
    proof = signature(key, scope, moment.encode(), canonical).decode()
    credential = f"{account.access_key_id}/{bytes(scope).decode()}"
    del fields["host"]  # whoever sends writes it
    return fields | {
        "authorization": f"{ALGORITHM.decode()} Credential={credential}, SignedHeaders={';'.join(names)}, "
        f"Signature={proof}"
    }


def _is_gone(reply: Reply) -> bool:
    return _code(reply) == _GONE


def _code(reply: Reply) -> str:
    """Return the name of an error (`__type`, with or without a namespace), empty where there is none."""
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    kind = said.get("__type") if isinstance(said, dict) else None
    return kind.rpartition("#")[2] if isinstance(kind, str) and kind.rpartition("#")[2].isalnum() else ""


def _answered(reply: Reply) -> str:
    """Say what it answered: the status, and the name of the error, which is never a value of ours."""
    code = _code(reply)
    return f"{_WHO} answered HTTP {reply.status}" + (f" ({code})" if code else "")
