"""How a refusal is told: in the shape that the client asked for.

JSON unless its `Accept` prefers plain text or HTML; to gRPC calls a reply of trailers only, whose status is gRPC's own.
The code stands in `strongroom-refused` in every shape.
"""

import html
import json
import re
from enum import Enum
from http import HTTPStatus
from typing import final
from urllib.parse import quote

from strongroom.delivery.egress.asked import Asked
from strongroom.delivery.egress.head import Head, RequestHead
from strongroom.delivery.egress.refusals import FINAL, STATUS, Code, Refusal

_REALM = 'Basic realm="strongroom"'
_QUALITY = re.compile(rb"[qQ]=([01](?:\.[0-9]{0,3})?)")
_GRPC = re.compile(rb"application/grpc(?:[+;].*)?")
_INTERNAL, _UNAVAILABLE = 13, 14
_GRPC_STATUS = {400: _INTERNAL, 401: 16, 403: 7, 404: 12, 407: 16, 408: 4, 413: 8, 429: 8, 501: 12, 504: 4}
"""As gRPC maps HTTP statuses, but for limits (RESOURCE_EXHAUSTED) and what came too late (DEADLINE_EXCEEDED)."""


@final
class Shape(Enum):
    """What a body of ours is; the value is its media type."""

    JSON = "application/json"
    TEXT = "text/plain"
    HTML = "text/html"
    GRPC = "application/grpc"


_OFFERED = (Shape.JSON, Shape.TEXT, Shape.HTML)
"""In the order in which they are preferred where the client does not care."""


def shape_for(head: RequestHead | None) -> Shape:
    """Return the shape that suits a request; JSON where there is none that could be read."""
    if head is None:
        return Shape.JSON
    if _GRPC.fullmatch((head.one(b"content-type") or b"").lower()):
        return Shape.GRPC
    ranges = _ranges(head)
    if not ranges:
        return Shape.JSON
    return max(_OFFERED, key=lambda shape: _wish(shape, ranges))  # the first of equals


def _ranges(head: Head) -> dict[bytes, float]:
    """Return the weight of each media range in `Accept` (RFC 9110 12.5.1); parameters but `q` are passed over."""
    found: dict[bytes, float] = {}
    for item in b",".join(head.all(b"accept")).lower().split(b","):
        name, *parameters = (part.strip() for part in item.split(b";"))
        weights = [float(match[1]) for match in map(_QUALITY.fullmatch, parameters) if match]
        if name:
            found.setdefault(name, weights[0] if weights else 1.0)
    return found


def _wish(shape: Shape, ranges: dict[bytes, float]) -> float:
    name = shape.value.encode()
    for candidate in (name, name.partition(b"/")[0] + b"/*", b"*/*"):  # the most specific one counts
        if candidate in ranges:
            return ranges[candidate]
    return 0.0


def answer(refusal: Refusal, *, close: bool, head: RequestHead | None = None) -> bytes:
    """Return the whole reply to a request with this head, where it could be read."""
    shape = shape_for(head)
    status, body = STATUS[refusal.code], b""
    lines = [f"content-type: {shape.value}", f"strongroom-refused: {refusal.code}", "cache-control: no-store"]
    if shape is Shape.GRPC:
        lines += [f"grpc-status: {grpc_status(status)}", f"grpc-message: {quote(refusal.sentence, safe=_PLAIN)}"]
        status = HTTPStatus.OK
    else:
        body = _body(refusal, shape)
        if refusal.code is Code.AUTHENTICATION_REQUIRED:
            lines.append(f"proxy-authenticate: {_REALM}")
    lines.append(f"content-length: {len(body)}")
    if refusal.retry_after is not None:
        lines.append(f"retry-after: {refusal.retry_after}")
    if close:
        lines.append("connection: close")
    if head is not None and head.method == b"HEAD":
        body = b""
    phrase = _PHRASES.get(status, status.phrase)
    return "\r\n".join([f"HTTP/1.1 {status.value} {phrase}", *lines, "", ""]).encode() + body


def is_last(refusal: Refusal, asked: Asked | None, *, in_tunnel: bool) -> bool:
    """Tell whether the connection ends with the answer."""
    if asked is None or refusal.code in FINAL or (refusal.code is Code.TOO_MANY and not in_tunnel):
        return True
    return not (asked.complete and asked.keeps_client)


def grpc_status(status: HTTPStatus) -> int:
    """Return gRPC's status for one of HTTP."""
    return _GRPC_STATUS.get(status, _UNAVAILABLE)


def _body(refusal: Refusal, shape: Shape) -> bytes:
    code, sentence = refusal.code, refusal.sentence
    match shape:
        case Shape.TEXT:
            text = f"{code}: {sentence}\n"
        case Shape.HTML:
            text = (
                f"<!doctype html><html lang=en><meta charset=utf-8><title>{code}</title>"
                f"<h1>Refused by Strongroom</h1><p>{html.escape(sentence)}</p><p><code>{code}</code></p></html>\n"
            )
        case _:
            text = json.dumps({"error": {"code": code, "message": sentence}}) + "\n"
    return text.encode()


_PLAIN = "".join(chr(char) for char in range(0x20, 0x7F) if char != ord("%"))
"""What stands in a `grpc-message` as it is; the rest is percent-encoded."""
_PHRASES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large"}
"""Where the standard library still has the older phrase (RFC 9110 15.5.14)."""
