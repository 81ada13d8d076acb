"""Who is calling: the gateway key in a request, and the vendor's token beside it (contract 4.1, 4.8).

Rules kept here:
- a gateway key stands in `Authorization: Bearer`, `x-api-key` or `x-gateway-key`; in several only if it is the same;
- anything else in `Authorization` is a token of the vendor's: it goes to routes that pass clients' tokens through, and
  without such a route the request is refused; nothing else may stand in the other two;
- a field that is repeated says nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

from strongroom.core.llm.gateway_keys import PREFIX
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import digest
from strongroom.delivery.llm.refusals import Code, Turned

_PREFIX = PREFIX.encode()
_MOST = 512
_MOST_TOKEN = 16 * 1024


@final
@dataclass(frozen=True, slots=True)
class Caller:
    """The digest of a gateway key. `token` is the vendor's, where the client brought one."""

    digest: bytes = field(repr=False)
    token: Secret | None = None


def caller(fields: Iterable[tuple[bytes, bytes]]) -> Caller:
    """Return who is calling. Raises `Turned`."""
    bearer = shown = named = None
    for name, value in fields:
        if name == b"authorization":
            bearer = _alone(bearer, _bearer(value))
        elif name == b"x-api-key":
            shown = _alone(shown, value)
        elif name == b"x-gateway-key":
            named = _alone(named, value)
    brought = bearer if bearer is not None and not bearer.startswith(_PREFIX) else None
    keys = {key for key in (None if brought else bearer, shown, named) if key is not None}
    if len(keys) != 1:
        raise _refused("a gateway key is required" if not keys else "the request shows two keys that differ")
    key = keys.pop()
    if not key.startswith(_PREFIX) or len(key) > _MOST or not key.isascii():
        raise not_valid()
    return Caller(digest(Secret(key.decode())), None if brought is None else _token(brought))


def not_valid() -> Turned:
    """Return the refusal of a key that is unknown, revoked, disabled or expired: which, is nobody's business."""
    return _refused("the gateway key is not valid")


def nothing_to_pass() -> Turned:
    """Return the refusal of a request without a token on a route that keeps none."""
    return _refused(
        "the model is reached with the client's own token: send it as Authorization: Bearer, and the gateway key as "
        "x-api-key"
    )


def not_passed() -> Turned:
    """Return the refusal of a token that would go nowhere."""
    return _refused("the request shows a gateway key and another token, and the model takes no client's token")


def _bearer(value: bytes) -> bytes:
    scheme, _, token = value.partition(b" ")
    if scheme.lower() != b"bearer":
        raise _refused("Authorization must be a bearer token")
    return token.strip()


def _alone(before: bytes | None, value: bytes) -> bytes:
    if before is not None:
        raise _refused("a field that shows a key is there twice")
    return value.strip()


def _token(token: bytes) -> Secret:
    """Return a token of the vendor's: visible ASCII (RFC 6750 2.1)."""
    if not token or len(token) > _MOST_TOKEN or not all(b"!"[0] <= each <= b"~"[0] for each in token):
        raise not_valid()
    return Secret(token.decode("ascii"))


def _refused(sentence: str) -> Turned:
    return Turned(Code.INVALID_KEY, sentence)
