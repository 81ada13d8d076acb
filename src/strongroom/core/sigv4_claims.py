"""Reading what a request says of its own AWS signature, in its Authorization field or in its query.

Only requests that are signed with one of the access keys asked for are of interest. Of those, what is not plainly
Signature Version 4 with HMAC is `Unsupported`, never passed over: it could not be made anew.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import final
from urllib.parse import unquote_to_bytes

from strongroom.core.sigv4 import ALGORITHM, SIGNATURE_PARAMETER, Claim, Fields, Request, Scope

CREDENTIAL_PARAMETER = b"X-Amz-Credential"
TOKEN_PARAMETER = b"X-Amz-Security-Token"
TOKEN_FIELD = b"x-amz-security-token"

_AUTHORIZATION = re.compile(
    rb"AWS4-HMAC-SHA256\s+Credential=([^\s,]+)\s*,\s*SignedHeaders=([^\s,]+)\s*,\s*Signature=([0-9a-f]{64})"
)
_CREDENTIAL = re.compile(rb"(.+)/([0-9]{8})/([^/]*)/([^/]+)/aws4_request")
_SIGNED = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+(?:;[!#$%&'*+.^_`|~0-9a-z-]+)*")
_MOMENT = re.compile(rb"[0-9]{8}T[0-9]{6}Z")
_OTHER_QUERY_KEY = b"AWSAccessKeyId"


@final
@dataclass(frozen=True, slots=True)
class Unsupported:
    """The request is signed with one of the keys in a way that cannot be made anew; `reason` ends a sentence."""

    reason: str


_UNREADABLE = Unsupported("is not written as AWS Signature Version 4 asks")
_OTHER_ALGORITHM = Unsupported("is of another kind than AWS4-HMAC-SHA256: SigV4A and SigV2 cannot be made anew")


def read_claim(request: Request, keys: Iterable[bytes]) -> Claim | Unsupported | None:
    """Return the signature that a request carries, or None if it is not signed with one of these keys."""
    written = [value for name, value in request.fields if name == b"authorization" and value[:3].upper() == b"AWS"]
    named = any(_names(value, keys) for value in written)
    query = request.target.partition(b"?")[2]
    if b"X-Amz-Credential=" in query or b"AWSAccessKeyId=" in query:
        parameters = _parameters(query)
        asked = any(_names(value, keys) for value in parameters.get(CREDENTIAL_PARAMETER, ()))
        asked = asked or any(_names(value, keys) for value in parameters.get(_OTHER_QUERY_KEY, ()))
        if asked:
            return _UNREADABLE if written else _presigned(parameters)
    if not named:
        return None
    return _authorized(request.fields, written[0]) if len(written) == 1 else _UNREADABLE


def _names(value: bytes, keys: Iterable[bytes]) -> bool:
    return any(key in value for key in keys)


def _authorized(fields: Fields, value: bytes) -> Claim | Unsupported:
    if value.split(None, 1)[0] != ALGORITHM:
        return _OTHER_ALGORITHM
    found = _AUTHORIZATION.fullmatch(value)
    moment = _moment(fields)
    if found is None or moment is None:
        return _UNREADABLE
    return _claim(found[1], moment, found[2], found[3], presigned=False)


def _presigned(parameters: dict[bytes, list[bytes]]) -> Claim | Unsupported:
    def one(name: bytes) -> bytes:
        values = parameters.get(name, [])
        return values[0] if len(values) == 1 else b""

    if one(b"X-Amz-Algorithm") != ALGORITHM:
        return _OTHER_ALGORITHM
    moment, given = one(b"X-Amz-Date"), one(SIGNATURE_PARAMETER)
    if _MOMENT.fullmatch(moment) is None or re.fullmatch(rb"[0-9a-f]{64}", given) is None:
        return _UNREADABLE
    return _claim(one(CREDENTIAL_PARAMETER), moment, one(b"X-Amz-SignedHeaders"), given, presigned=True)


def _claim(credential: bytes, moment: bytes, signed: bytes, given: bytes, *, presigned: bool) -> Claim | Unsupported:
    found = _CREDENTIAL.fullmatch(credential)
    if found is None or _SIGNED.fullmatch(signed) is None:
        return _UNREADABLE
    names = tuple(signed.split(b";"))
    if b"host" not in names or len(set(names)) < len(names):  # a field named many times would be written many times
        return _UNREADABLE
    scope = Scope(found[2], found[3], found[4])
    return Claim(access_key=found[1], scope=scope, moment=moment, signed=names, signature=given, presigned=presigned)


def _parameters(query: bytes) -> dict[bytes, list[bytes]]:
    """Return what a query says, by decoded name."""
    parameters: dict[bytes, list[bytes]] = {}
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        parameters.setdefault(unquote_to_bytes(name), []).append(unquote_to_bytes(value))
    return parameters


def _moment(fields: Fields) -> bytes | None:
    """Return when the request was signed: X-Amz-Date goes before Date, which may be written as HTTP writes it."""
    values = [value for name, value in fields if name == b"x-amz-date"] or [
        value for name, value in fields if name == b"date"
    ]
    if len(values) != 1:
        return None
    if _MOMENT.fullmatch(values[0]):
        return values[0]
    try:
        parsed = parsedate_to_datetime(values[0].decode())
    except ValueError:
        return None
    return parsed.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode()
