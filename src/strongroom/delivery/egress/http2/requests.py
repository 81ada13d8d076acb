"""A client's request on an HTTP/2 stream, written as the HTTP/1.1 request that the conversation reads.

Rules kept here:
- each part is checked by itself before it stands on a line, and the conversation reads the whole by its own grammar;
- `:authority` and Host are the same bytes, or one is missing; whom they name the conversation checks;
- the body is framed by us: its Content-Length is held against what really comes (RFC 9113 8.1.1);
- an extended CONNECT for WebSocket (RFC 8441) becomes the handshake of RFC 6455; no other protocol is known.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import final

from strongroom.delivery.egress.bodies import LAST_CHUNK, chunk
from strongroom.delivery.egress.http2.fields import Fields, Malformed, checked
from strongroom.delivery.egress.refusals import Code, Refusal, bad_request, mismatch

_PSEUDO = frozenset({b":method", b":scheme", b":authority", b":path", b":protocol"})
_METHOD = re.compile(rb"[A-Z][A-Z0-9_-]{0,31}")
_PATH = re.compile(rb"/[!-\"$-~]*|\*")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_WITH_CONTENT = frozenset({b"POST", b"PUT", b"PATCH"})
_WRITTEN_ANEW = frozenset({b"host", b"cookie", b"content-length"})
_OF_THE_HANDSHAKE = frozenset({b"sec-websocket-key"})


@final
class Body:
    """What follows a request's head, in the framing of HTTP/1.1."""

    __slots__ = ("_left", "_raw")

    def __init__(self, length: int | None, *, raw: bool = False) -> None:
        self._left = length
        self._raw = raw

    def feed(self, payload: bytes, *, last: bool) -> bytes:
        """Return a piece as it is framed. Raises `Malformed` if it does not agree with the length told."""
        if self._raw:
            return payload
        if self._left is None:
            return chunk(payload) + LAST_CHUNK if last else chunk(payload)
        self._left -= len(payload)
        if self._left < 0 or (last and self._left):
            raise Malformed("has a body of another length than its content-length")
        return payload


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """A request head in the form of HTTP/1.1, and what is to follow it."""

    head: bytes
    method: bytes
    body: Body
    websocket_key: bytes | None = None


def asking(fields: Iterable[tuple[bytes, bytes]], *, ended: bool, scheme: str, new_key: Callable[[], bytes]) -> Asking:
    """Translate the fields of a request; `ended` if nothing follows them. Raises a refusal."""
    try:
        return _asking(fields, ended=ended, scheme=scheme, new_key=new_key)
    except Malformed as problem:
        raise bad_request(f"the HTTP/2 request {problem.sentence}") from None


def _asking(fields: Iterable[tuple[bytes, bytes]], *, ended: bool, scheme: str, new_key: Callable[[], bytes]) -> Asking:
    pseudo, rest = checked(fields, pseudo=_PSEUDO)
    method, path = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
    if method == b"CONNECT" and b":protocol" not in pseudo:
        raise bad_request("a tunnel inside a tunnel is not supported")
    if _METHOD.fullmatch(method) is None or _PATH.fullmatch(path) is None:
        raise Malformed("has a :method or a :path that HTTP does not know")
    if pseudo.get(b":scheme") != scheme.encode():
        raise mismatch(f"the :scheme of a request in this tunnel is {scheme}")
    lines = [b"host: " + authority for authority in _authority(pseudo, rest)]
    lines += [name + b": " + value for name, value in rest if name not in _WRITTEN_ANEW]
    crumbs = [value for name, value in rest if name == b"cookie"]
    if crumbs:
        lines.append(b"cookie: " + b"; ".join(crumbs))  # RFC 9113 8.2.3
    if b":protocol" in pseudo:
        return _websocket(pseudo, path, lines, new_key(), ended=ended)
    length = _length(rest, ended=ended)
    if length is not None and (length or not ended or method in _WITH_CONTENT):
        lines.append(b"content-length: %d" % length)
    elif not ended:
        lines.append(b"transfer-encoding: chunked")
    return Asking(_head(method, path, lines), method, Body(length))


def _websocket(pseudo: dict[bytes, bytes], path: bytes, lines: list[bytes], key: bytes, *, ended: bool) -> Asking:
    if pseudo[b":method"] != b"CONNECT" or ended:
        raise Malformed("has a :protocol without being an open CONNECT")
    if pseudo[b":protocol"].lower() != b"websocket":
        raise Refusal(Code.UPGRADE_NOT_SUPPORTED, "only websocket is supported as the :protocol of a CONNECT")
    kept = [line for line in lines if line.partition(b":")[0] not in _OF_THE_HANDSHAKE]
    kept += [b"connection: Upgrade", b"upgrade: websocket", b"sec-websocket-key: " + key]
    return Asking(_head(b"GET", path, kept), b"GET", Body(None, raw=True), key)


def _authority(pseudo: dict[bytes, bytes], rest: Fields) -> list[bytes]:
    named = {value for name, value in rest if name == b"host"}
    if b":authority" in pseudo:
        named.add(pseudo[b":authority"])
    if len(named) > 1:
        raise mismatch("the :authority and the Host field do not name the same host")
    return list(named)


def _length(rest: Fields, *, ended: bool) -> int | None:
    told = [value for name, value in rest if name == b"content-length"]
    if not told:
        return 0 if ended else None
    if len(told) > 1 or _LENGTH.fullmatch(told[0]) is None or (ended and int(told[0])):
        raise Malformed("has a content-length that is not the length of its body")
    return int(told[0])


def _head(method: bytes, path: bytes, lines: list[bytes]) -> bytes:
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", *map(_as_usual, lines), b"", b""])


def _as_usual(line: bytes) -> bytes:
    """Write a field's name as clients of HTTP/1.1 do; not every server there knows that case says nothing."""
    name, colon, value = line.partition(b":")
    return b"-".join([word[:1].upper() + word[1:] for word in name.split(b"-")]) + colon + value
