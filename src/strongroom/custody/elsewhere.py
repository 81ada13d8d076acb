"""What a vault that is not ours has to do for us: keep, open, drop, check. One file for each product.

Rules that every such file keeps:
- all its traffic goes through the port `Control`, which dials nothing that the address guard has not passed;
- what is not https on port 443 goes to addresses that the operator has listed, and to no others;
- answers are judged before they are believed, and never quoted: they may hold secrets;
- whatever leaves it open whether something was kept is a failure; `Declined` says that nothing was.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast, final

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.ids import ItemId, OrganizationId
from strongroom.services.custody_ports import Item

ANSWER_BYTES = 4 << 20
"""The most that is read of an answer: the largest credential is well under a half of it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Something to be kept: the flat form of a credential, with its secrets in clear.

    `title` is what people call it, `id` is what nothing else is called.
    """

    id: ItemId
    organization: OrganizationId
    title: str
    fields: Mapping[str, Any] = field(repr=False)


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """It lies there, under this name."""

    reference: str


@final
@dataclass(frozen=True, slots=True)
class Declined:
    """The vault answered, and keeps nothing. The sentence says what it answered."""

    sentence: str


class ExternalVault(Protocol):
    """A vault that is not ours."""

    name: ClassVar[str]

    async def ready(self, organization: OrganizationId) -> None:
        """Raise `Invalid` if nobody has set it up for this organization."""

    async def keep(self, parcel: Parcel) -> Kept | Declined:
        """Put something in, never over something that is there.

        Raises `UpstreamFailure` where it may lie there all the same, `NotPermitted` where it may not be asked.
        """

    async def open(self, organization: OrganizationId, reference: str) -> Mapping[str, Any]:
        """Return the flat form of what lies there. Raises `UpstreamFailure` and `NotPermitted`."""

    async def drop(self, item: Item) -> bool:
        """Destroy an item; one that is gone already is as good. False: without a reference it cannot be found.

        Raises `UpstreamFailure`, `NotPermitted` and `Invalid`.
        """

    async def check(self, organization: OrganizationId) -> None:
        """Ask whether it would serve us. Raises `UpstreamFailure`, `NotPermitted` and `Invalid`."""


def call(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, insecure: bool = True
) -> Call:
    """Write a call by the rules above. Raises `Invalid` for a URL that cannot be used."""
    return Call(
        method=method,
        url=ControlUrl.parse(url, insecure=insecure),
        headers=headers or {},
        body=body,
        limit_bytes=ANSWER_BYTES,
        ordinary_only=True,
    )


def json_object(reply: Reply, *, of: str) -> dict[str, Any]:
    """Return the object in an answer. Raises `BadReply` for anything else."""
    if reply.truncated:
        raise BadReply(f"{of} answered more than {ANSWER_BYTES} bytes")
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise BadReply(f"{of} did not answer in JSON") from None
    if not isinstance(found, dict):
        raise BadReply(f"{of} did not answer with a JSON object")
    return cast("dict[str, Any]", found)


def part(found: Mapping[str, Any], name: str, *, of: str) -> dict[str, Any]:
    """Return an object within an answer. Raises `BadReply`."""
    inner = found.get(name)
    if not isinstance(inner, dict):
        raise BadReply(f"{of} left {name} out of its answer")
    return cast("dict[str, Any]", inner)


def is_success(status: int) -> bool:
    """Tell whether a status says that what was asked for was done."""
    return 200 <= status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def leaves_open(status: int) -> bool:
    """Tell whether a status leaves open what was done: a server's mistake, or an intermediary's word for silence."""
    return status in {500, 502, 504}


def usable(url: str) -> str:
    """Return a URL without the slashes at its end. Raises `Invalid` for one that cannot be used."""
    base = url.strip().rstrip("/")
    if "?" in base or "#" in base:
        raise Invalid("must be a URL without query and fragment")
    _ = ControlUrl.parse(base, insecure=True)
    return base
