"""What an upstream's answer means for a request: it is passed on, or it is a failure and the next route is tried.

One table (contract 4.5, 4.7), read top down. What is not in it is the client's own mistake, and passed on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, final

from strongroom.core.failures import BadReply, Failure
from strongroom.delivery.llm.fields import one
from strongroom.delivery.llm.ports import Reply
from strongroom.delivery.llm.refusals import Code, Turned

_UNAUTHORIZED = frozenset({401, 403})
_CODES: Final = {408: Code.TIMEOUT, 429: Code.RATE_LIMITED, 529: Code.OVERLOADED}
_WORDS: Final = {
    Code.AUTH_FAILED: "rejected the stored credential: tell whoever administers it",
    Code.OVERLOADED: "is overloaded",
    Code.RATE_LIMITED: "is rate limited",
    Code.TIMEOUT: "did not answer in time",
    Code.UNREACHABLE: "cannot be reached",
    Code.UPSTREAM_ERROR: "failed to answer",
}
_MOST_SECONDS = 24 * 3600.0


@final
@dataclass(frozen=True, slots=True)
class Failed:
    """The route did not answer. `again_in` is when its upstream wants to be asked again, in seconds."""

    refusal: Turned
    status: int | None = None
    again_in: float | None = None

    @property
    def code(self) -> Code:
        """In a word."""
        return self.refusal.code


def judged(reply: Reply, provider: str, *, is_of_client: bool, now: datetime) -> Failed | None:
    """Return what is wrong with an answer; None if it is passed on. Raises `Turned` for one that ends the request.

    `is_of_client` says that the token was the client's own: that it is rejected is then the client's matter.
    """
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110 15.4: where it leads was judged by nobody
        raise Turned(Code.REDIRECTED, f"provider {provider} answers with a redirect, which is not followed")
    code = Code.AUTH_FAILED if status in _UNAUTHORIZED and not is_of_client else _CODES.get(status)
    if code is None and (status < 200 or status >= 500):  # noqa: PLR2004 - RFC 9110 15.2, 15.6
        code = Code.UPSTREAM_ERROR
    return None if code is None else Failed(told(code, provider), status, _again(reply, now))


def told(code: Code, provider: str) -> Turned:
    """Return the refusal for a provider's failure."""
    return Turned(code, f"provider {provider} {_WORDS[code]}")


def unanswered(failure: Failure, provider: str) -> Failed:
    """Return what a failure of the way there comes to."""
    return Failed(told(Code.UPSTREAM_ERROR if isinstance(failure, BadReply) else Code.UNREACHABLE, provider))


def whole_seconds(seconds: float) -> int:
    """Return seconds as `Retry-After` says them, never early."""
    return max(1, math.ceil(seconds))


def _again(reply: Reply, now: datetime) -> float | None:
    """Return when to come back, as an upstream says it (RFC 9110 10.2.3, and in milliseconds)."""
    exact = _number(reply.fields, b"retry-after-ms")
    if exact is not None:
        return exact / 1000
    seconds = _number(reply.fields, b"retry-after")
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(one(reply.fields, b"retry-after").decode("ascii"))
    except (ValueError, TypeError):
        return None
    return min(max((at.astimezone(UTC) - now).total_seconds(), 0.0), _MOST_SECONDS)


def _number(fields: Sequence[tuple[bytes, bytes]], name: bytes) -> float | None:
    text = one(fields, name).strip()
    whole, _, fraction = text.partition(b".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()):
        return None
    return min(float(text[:20]), _MOST_SECONDS * 1000)
