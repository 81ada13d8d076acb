"""Forms as programs and browsers post them: bounded, each field once, nothing else taken for one."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Receive

from strongroom.core.failures import Invalid

MAX_FORM = 32 * 1024
_MAX_FIELDS = 40
_FORM = "application/x-www-form-urlencoded"


async def read_form(headers: Headers, receive: Receive) -> Mapping[str, str]:
    """Return the fields of a form. Raises `Invalid`, without a word of what was sent."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Invalid(f"must be a form: {_FORM}", field="content-type")
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and message["type"] == "http.request"
        if len(body) > MAX_FORM:
            raise Invalid("is too large", field="body")
    return fields(bytes(body))


def fields(written: bytes) -> Mapping[str, str]:
    """Return the fields of a form or a query. Raises `Invalid`."""
    try:
        pairs = parse_qsl(written.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Invalid("cannot be read", field="form") from None
    found = dict(pairs)
    if len(found) != len(pairs):  # RFC 6749 section 3.1: parameters must not be included more than once
        raise Invalid("must have each field once", field="form")
    return found
