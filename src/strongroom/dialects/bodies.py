"""Reading a request's body: never more than the cap, JSON only, each byte once."""

import json
import math
from collections.abc import Callable
from email.message import Message
from typing import Any, Never, final

import msgspec
from fastapi import Request

from strongroom.core.failures import Invalid, TooLarge
from strongroom.core.overriding import override
from strongroom.dialects.replies import JSON

MAX_BODY = 1024 * 1024


Parse = Callable[[bytes], object]
"""Reads JSON. Raises `Invalid` for what is none."""


def parsed(body: bytes) -> object:
    """Read JSON. Of a name that stands twice in an object the last one counts."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("must be valid JSON", field="body") from None


def parsed_strictly(body: bytes) -> object:
    """Read JSON in which no object has a name twice: with a secret, which of the two is meant must not be guessed."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_once_each, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Invalid("must be valid JSON in UTF-8, with each name once in its object", field="body") from None


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError
    return result


def _no_constant(_name: str) -> Never:
    raise ValueError  # NaN and the infinities are none of JSON's (RFC 8259 section 6)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError  # 1e999 would be infinite: nothing that can be told again
    return number


@final
class ReadRequest(Request):
    """A request whose body was read and parsed before the route looks at it."""

    def __init__(self, request: Request, body: bytes, parse: Parse | None) -> None:
        super().__init__(request.scope, request.receive)
        self._read = body
        self._parsed = parse(body) if body and parse is not None else None

    @override
    async def body(self) -> bytes:
        """Return the bytes."""
        return self._read

    @override
    async def json(self) -> Any:  # noqa: ANN401 - as in the class it replaces a method of
        """Return the parsed value; None for an empty body."""
        return self._parsed

    @property
    def value(self) -> object:
        """The parsed value, for those that do not wait."""
        return self._parsed


async def read(request: Request, *, most: int = MAX_BODY, parse: Parse | None = parsed) -> ReadRequest:
    """Read the body. Raises `TooLarge` as soon as it is over the cap, `Invalid` for what is not JSON.

    Without `parse`, nothing is asked of what it says.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise TooLarge(f"the body is over {most} bytes")
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Invalid("ended before it was complete", field="body")
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge(f"the body is over {most} bytes")
        if not message.get("more_body", False):
            break
    if body and parse is not None:
        _require_json_type(request)
    return ReadRequest(request, bytes(body), parse)


def require_nothing(request: ReadRequest) -> None:
    """Raise `Invalid` unless the body is empty or an empty object: the route reads none."""
    if request.value not in (None, {}):
        raise Invalid("must be empty here", field="body")


def _require_json_type(request: Request) -> None:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != JSON:
        raise Invalid(f"must be {JSON}", field="content-type")
