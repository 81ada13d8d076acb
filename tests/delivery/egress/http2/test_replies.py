"""What a conversation answers, cut into the parts of a stream."""

import base64
import hashlib

import pytest

from strongroom.delivery.egress.http2.replies import Ending, Heading, ReplyReader
from strongroom.delivery.egress.refusals import Refusal

KEY = base64.b64encode(b"0123456789abcdef")
FITTING = base64.b64encode(hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest())


def switching(accept: bytes) -> bytes:
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    return b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + accept, b"", b""])


def test_a_reply_is_head_body_and_end() -> None:
    reader = ReplyReader(b"GET")
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel") == [
        Heading([(b":status", b"200"), (b"content-length", b"5")], interim=False),
        b"hel",
    ]
    assert reader.feed(b"lo") == [b"lo", Ending([])]
    assert reader.done


def test_an_interim_head_comes_before_the_final_one() -> None:
    parts = ReplyReader(b"GET").feed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
    assert parts == [
        Heading([(b":status", b"100")], interim=True),
        Heading([(b":status", b"204")], interim=False),
        Ending([]),
    ]


def test_trailers_are_the_end() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = ReplyReader(b"GET").feed(head + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert parts[-1] == Ending([(b"x-sum", b"1")])


def test_a_reply_that_was_cut_short_has_no_end() -> None:
    reader = ReplyReader(b"GET")
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
    assert reader.closed() == []


def test_one_that_lasts_until_the_close_ends_with_it() -> None:
    reader = ReplyReader(b"GET")
    reader.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhel")
    assert reader.closed() == [Ending([])]


def test_an_agreement_to_speak_websocket_opens_the_stream() -> None:
    reader = ReplyReader(b"GET", websocket_key=KEY)
    (heading, data) = reader.feed(switching(FITTING) + b"\x81\x00")
    assert isinstance(heading, Heading)
    assert heading.fields[0] == (b":status", b"200")
    assert data == b"\x81\x00"
    assert b"sec-websocket-accept" not in dict(heading.fields)


@pytest.mark.parametrize("accept", [b"", b"AAAA", FITTING[:-1], FITTING.lower(), KEY])
def test_an_answer_that_does_not_fit_the_key_is_none(accept: bytes) -> None:
    with pytest.raises(Refusal, match="does not fit the key"):
        ReplyReader(b"GET", websocket_key=KEY).feed(switching(accept))
