"""What is let in: heads and bodies by the grammar of RFC 9112, from both sides, and nothing beside it."""

import contextlib

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as some

from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.bodies import ChunkedReader
from strongroom.delivery.egress.head import parse_request
from strongroom.delivery.egress.refusals import Refusal, bad_request
from tests.delivery.egress.doubles import FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request

GOOD = b"GET / HTTP/1.1\r\nHost: api.example.com\r\n%b\r\n"

BAD_REQUESTS = {
    "bare LF ends the request line": b"GET / HTTP/1.1\nHost: api.example.com\r\n\r\n",
    "bare LF ends a field": GOOD % b"A: b\nC: d\r\n",
    "bare CR in a value": GOOD % b"A: b\rC: d\r\n",
    "NUL in a value": GOOD % b"A: b\0c\r\n",
    "another control character in a value": GOOD % b"A: b\x0bc\r\n",
    "folded line": GOOD % b"A: b\r\n c\r\n",
    "folded line with a tab": GOOD % b"A: b\r\n\tc\r\n",
    "space before the colon": GOOD % b"A : b\r\n",
    "space before the first field": b"GET / HTTP/1.1\r\n Host: api.example.com\r\n\r\n",
    "no colon": GOOD % b"nonsense\r\n",
    "empty name": GOOD % b": b\r\n",
    "a name with a parenthesis": GOOD % b"A(b): c\r\n",
    "a name with a byte over 127": GOOD % b"\xc3\xa9: c\r\n",
    "method in lower case": b"get / HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "method with a colon": b"GE:T / HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "a tab instead of a space": b"GET\t/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "space in the target": b"GET /a b HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "a target over 127": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "fragment in the target": b"GET /#x HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "a target without a slash": b"GET x HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "an asterisk for GET": b"GET * HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: api.example.com\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: api.example.com\r\n\r\n",
    "a version with two digits": b"GET / HTTP/1.10\r\nHost: api.example.com\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "three empty lines first": b"\r\n\r\n\r\n" + GOOD % b"",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "length twice": GOOD % b"Content-Length: 1\r\nContent-Length: 1\r\n",
    "two lengths": GOOD % b"Content-Length: 1\r\nContent-Length: 2\r\n",
    "a list of lengths": GOOD % b"Content-Length: 1, 1\r\n",
    "a length with a sign": GOOD % b"Content-Length: +1\r\n",
    "a negative length": GOOD % b"Content-Length: -1\r\n",
    "a hexadecimal length": GOOD % b"Content-Length: 0x1\r\n",
    "an empty length": GOOD % b"Content-Length:\r\n",
    "a length beyond 64 bits": GOOD % b"Content-Length: 99999999999999999999\r\n",
    "a length in other digits": GOOD % b"Content-Length: \xd9\xa1\r\n",
    "length and encoding": GOOD % b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    "encoding and length": GOOD % b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
    "encoding twice": GOOD % b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "encoding identity": GOOD % b"Transfer-Encoding: identity\r\n",
    "encoding gzip, chunked": GOOD % b"Transfer-Encoding: gzip, chunked\r\n",
    "encoding chunked, chunked": GOOD % b"Transfer-Encoding: chunked, chunked\r\n",
    "encoding xchunked": GOOD % b"Transfer-Encoding: xchunked\r\n",
    "encoding with a vertical tab": GOOD % b"Transfer-Encoding: \x0bchunked\r\n",
    "encoding in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a chunk size with a sign": GOOD % b"Transfer-Encoding: chunked\r\n" + b"+1\r\na\r\n0\r\n\r\n",
    "a chunk size with 0x": GOOD % b"Transfer-Encoding: chunked\r\n" + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk size with an underscore": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1_0\r\na\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1" + b"0" * 16 + b"\r\na",
    "an empty chunk size": GOOD % b"Transfer-Encoding: chunked\r\n" + b"\r\na\r\n",
    "a chunk size after a space": GOOD % b"Transfer-Encoding: chunked\r\n" + b" 1\r\na\r\n",
    "a bare LF after a chunk size": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1\na\r\n0\r\n\r\n",
    "a bare CR in a chunk extension": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1;a\rb\r\na\r\n",
    "a chunk extension without end": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1;" + b"a" * 5000,
    "a chunk extension with two values": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1;a=b=c\r\na\r\n0\r\n\r\n",
    "a chunk extension without a name": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1;\r\na\r\n0\r\n\r\n",
    "a blank before a chunk extension": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1 ;a\r\na\r\n0\r\n\r\n",
    "an open quote in a chunk extension": GOOD % b"Transfer-Encoding: chunked\r\n" + b'1;a="b\r\na\r\n0\r\n\r\n',
    "a chunk longer than its size": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1\r\nabc\r\n0\r\n\r\n",
    "two other bytes after a chunk": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1\r\naXX0\r\n\r\n",
    "a CR and another byte after a chunk": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1\r\na\rX0\r\n\r\n",
    "a bare LF after a chunk": GOOD % b"Transfer-Encoding: chunked\r\n" + b"1\r\na\n0\r\n\r\n",
    "a trailer that is none": GOOD % b"Transfer-Encoding: chunked\r\n" + b"0\r\nnonsense\r\n\r\n",
    "trailers without end": GOOD % b"Transfer-Encoding: chunked\r\n" + b"0\r\n" + b"A: b\r\n" * 5000,
    "a head over the limit": GOOD % (b"A: " + b"b" * 70_000 + b"\r\n"),
    "a head without end": b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000,
}


@pytest.mark.parametrize("wrong", BAD_REQUESTS)
@pytest.mark.parametrize("delivery", [FixedDelivery(), FixedDelivery(swaps=(swap(),))], ids=["plain", "with secrets"])
def test_a_request_that_breaks_a_rule_gets_400_and_a_closed_connection(wrong: str, delivery: FixedDelivery) -> None:
    talk = Talk(delivery).tunnel().client(BAD_REQUESTS[wrong])
    heard = talk.heard_by_client()
    assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close\r\n" in heard
    assert talk.done[-1] == do.CloseClient(linger=True)
    assert talk.client(request()).heard_by_client() == b"", "nothing more is read"


BAD_REPLIES = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nA: b\r\n\r\n",
    "folded line": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "NUL in the reason": b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "length and encoding": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "encoding gzip, chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "a head over the limit": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
    "an interim reply with a length": b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n",
    "a chunk size with a sign, at once": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
}


@pytest.mark.parametrize("wrong", BAD_REPLIES)
def test_a_reply_that_breaks_a_rule_is_a_bad_gateway(wrong: str) -> None:
    talk = Talk().tunnel().client(request()).upstream(BAD_REPLIES[wrong])
    heard = talk.heard_by_client()
    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"strongroom-refused: upstream_bad_reply\r\n" in heard
    assert talk.done == [do.DropUpstream()]


def test_a_reply_that_breaks_a_rule_later_is_cut() -> None:
    talk = (
        Talk().tunnel().client(request()).upstream(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    )
    assert talk.upstream(b"zz\r\n").done == [do.DropUpstream(), do.AbortClient()]


def test_interim_replies_without_end_are_refused() -> None:
    talk = Talk().tunnel().client(request()).upstream(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
    assert b"HTTP/1.1 502 " in talk.heard_by_client()


class Llhttp:
    """What llhttp, in its strict mode, makes of a head."""

    def __init__(self, raw: bytes) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.target = b""
        parser = httptools.HttpRequestParser(self)
        with contextlib.suppress(httptools.HttpParserUpgrade):
            parser.feed_data(raw)
        self.method = parser.get_method()

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))


@given(
    some.sampled_from([b"GET", b"POST", b"DELETE"]),
    some.text(alphabet="/ab?%.#;\\ \x00\x80", max_size=6).map(lambda text: b"/" + text.encode("latin-1")),
    some.lists(
        some.tuples(
            some.text(alphabet="aB-_: \t\r\n(\x00", min_size=0, max_size=4),
            some.text(alphabet="v :\t\r\n\x00\x7f\xff,", max_size=6),
        ),
        max_size=4,
    ),
)
def test_what_is_let_in_reads_the_same_to_another_strict_parser(
    method: bytes, target: bytes, fields: list[tuple[str, str]]
) -> None:
    lines = b"".join(f"{name}:{value}\r\n".encode("latin-1") for name, value in fields)
    raw = method + b" " + target + b" HTTP/1.1\r\n" + lines + b"\r\n"
    try:
        head = parse_request(raw)
    except Refusal:
        return
    other = Llhttp(raw)
    assert (head.method, head.target) == (other.method, other.target)
    assert [
        (name, line.partition(b":")[2].strip(b" \t")) for name, line in zip(head.names, head.lines, strict=True)
    ] == [(name, value.strip(b" \t")) for name, value in other.fields]


@given(some.lists(some.binary(min_size=1, max_size=40), max_size=5), some.data())
def test_a_chunked_body_cut_anywhere_gives_the_same_payload(chunks: list[bytes], cuts: some.DataObject) -> None:
    wire = b"".join(b"%x;e=1\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\nT: x\r\n\r\n" + b"next"
    reader = ChunkedReader(lambda: bad_request(""))
    payload, rest = b"", b""
    while wire:
        size = cuts.draw(some.integers(1, len(wire)))
        piece, wire = wire[:size], wire[size:]
        if reader.done:
            rest += piece
            continue
        got, behind = reader.feed(piece)
        payload += got
        rest += behind
    assert reader.done
    assert (payload, rest) == (b"".join(chunks), b"next")


@pytest.mark.parametrize(
    ("start", "length", "let_in"),
    [
        (b"0\r\nT: ", 5_000, True),
        (b"0\r\nT: ", 16 * 1024 - 3, True),
        (b"0\r\nT: ", 16 * 1024 - 2, False),
        (b"1;", 1022, True),
        (b"1;", 1023, False),
    ],
)
def test_a_long_line_between_chunks_is_judged_alike_whole_and_torn(start: bytes, length: int, let_in: bool) -> None:
    wire = start + b"a" * length + b"\r\n"
    for cuts in ([0], [0, len(wire) - 1], [0, len(wire) - 2], [0, 700, 1400]):
        reader = ChunkedReader(lambda: bad_request(""))
        pieces = [wire[at:end] for at, end in zip(cuts, [*cuts[1:], len(wire)], strict=True)]
        try:
            for piece in pieces:
                reader.feed(piece)
        except Refusal:
            assert not let_in, cuts
        else:
            assert let_in, cuts


def test_a_reply_without_a_reason_is_let_in() -> None:
    talk = Talk().tunnel().client(request()).upstream(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")
    assert talk.heard_by_client() == b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"
    assert talk.client(request()).upstream(reply()).heard_by_client() == reply()
