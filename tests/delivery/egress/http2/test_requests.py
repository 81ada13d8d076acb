"""A request of HTTP/2 becomes one of HTTP/1.1 that says the same, or none at all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.egress.head import parse_request
from strongroom.delivery.egress.http2.fields import Fields, Malformed
from strongroom.delivery.egress.http2.requests import Asking, Body, asking
from strongroom.delivery.egress.refusals import Code, Refusal

BASE: Fields = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"api.example.com"), (b":path", b"/a?b")]


def read(fields: Fields, *, ended: bool = True) -> Asking:
    return asking(fields, ended=ended, scheme="https", new_key=lambda: b"a2V5")


def with_(*more: tuple[bytes, bytes], **pseudo: bytes) -> Fields:
    return [(name, pseudo.get(name[1:].decode(), value)) for name, value in BASE] + list(more)


def code_of(fields: Fields, *, ended: bool = True) -> Code:
    with pytest.raises(Refusal) as caught:
        read(fields, ended=ended)
    return caught.value.code


def test_a_request_says_the_same_in_both_forms() -> None:
    head = parse_request(read(with_((b"accept", b"*/*"), (b"x-a", b""))).head)
    assert (head.method, head.target, head.minor) == (b"GET", b"/a?b", 1)
    assert head.lines == [b"Host: api.example.com", b"Accept: */*", b"X-A: "]


@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\0", b"\r\nx: y", b"\x01", b"\x7f"])
def test_no_field_value_ends_a_line(byte: bytes) -> None:
    for name in (b"x-a", b"cookie", b"host", b"te"):
        assert code_of(with_((name, b"a" + byte + b"b"))) is Code.BAD_REQUEST
    for pseudo in ("method", "scheme", "authority", "path"):
        assert code_of(with_(**{pseudo: b"/" + byte + b"b"})) is Code.BAD_REQUEST


@pytest.mark.parametrize("value", [b" a", b"a ", b"\ta", b"a\t", b" "])
def test_a_value_has_no_blank_around_it(value: bytes) -> None:
    assert code_of(with_((b"x-a", value))) is Code.BAD_REQUEST


@pytest.mark.parametrize(
    "name", [b"", b"X-A", b"x a", b"x:a", b"x\r\ny", b"x\ny", b"x\0", b"x\xe4", b"(x)", b"x-a: b\r\ny", b" x", b"x "]
)
def test_a_name_is_a_token_in_lower_case(name: bytes) -> None:
    assert code_of(with_((name, b"v"))) is Code.BAD_REQUEST


@pytest.mark.parametrize(
    "more",
    [
        [(b":path", b"/b")],
        [(b":method", b"GET")],
        [(b":status", b"200")],
        [(b":unknown", b"x")],
        [(b":", b"x")],
        [(b"x-a", b"b"), (b":protocol", b"websocket")],
    ],
)
def test_pseudo_fields_are_known_stand_first_and_once(more: Fields) -> None:
    assert code_of(with_(*more)) is Code.BAD_REQUEST


@pytest.mark.parametrize("missing", [b":method", b":path"])
def test_method_and_path_are_there(missing: bytes) -> None:
    assert code_of([field for field in BASE if field[0] != missing]) is Code.BAD_REQUEST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"connection", b"close"),
        (b"connection", b"authorization"),
        (b"transfer-encoding", b"chunked"),
        (b"keep-alive", b"1"),
        (b"proxy-connection", b"close"),
        (b"upgrade", b"h2c"),
        (b"te", b"gzip"),
        (b"te", b"trailers, gzip"),
    ],
)
def test_fields_of_a_connection_are_not_taken(name: bytes, value: bytes) -> None:
    assert code_of(with_((name, value)), ended=False) is Code.BAD_REQUEST


def test_te_may_ask_for_trailers() -> None:
    assert b"Te: trailers\r\n" in read(with_((b"te", b"trailers"))).head


@pytest.mark.parametrize(
    "path", [b"", b"a", b"http://other.example/", b"//[", b"/a b", b"/a#b", b"*a", b"/\xe4", b"?a"]
)
def test_a_path_is_a_path(path: bytes) -> None:
    if path == b"//[":
        assert parse_request(read(with_(path=path)).head).target == path  # a path like any other here
    else:
        assert code_of(with_(path=path)) is Code.BAD_REQUEST


@pytest.mark.parametrize("method", [b"", b"get", b"G T", b"GET ", b"GET / HTTP/1.1\r\n", b"A" * 33])
def test_a_method_is_a_method(method: bytes) -> None:
    assert code_of(with_(method=method)) is Code.BAD_REQUEST


def test_a_tunnel_inside_a_tunnel_is_refused() -> None:
    assert code_of(with_(method=b"CONNECT"), ended=False) is Code.BAD_REQUEST


def test_the_scheme_is_the_tunnels() -> None:
    assert code_of(with_(scheme=b"http")) is Code.AUTHORITY_MISMATCH
    assert code_of([field for field in BASE if field[0] != b":scheme"]) is Code.AUTHORITY_MISMATCH


def test_authority_and_host_are_one() -> None:
    assert code_of(with_((b"host", b"other.example.com"))) is Code.AUTHORITY_MISMATCH
    assert read(with_((b"host", b"api.example.com"))).head.count(b"api.example.com") == 1
    alone = [field for field in BASE if field[0] != b":authority"] + [(b"host", b"api.example.com")]
    assert b"Host: api.example.com\r\n" in read(alone).head
    two = [*alone, (b"host", b"other.example.com")]
    assert code_of(two) is Code.AUTHORITY_MISMATCH


def test_cookie_crumbs_are_joined() -> None:
    head = parse_request(read(with_((b"cookie", b"a=1"), (b"x-a", b"b"), (b"cookie", b"c=2"))).head)
    assert head.all(b"cookie") == [b"a=1; c=2"]


@pytest.mark.parametrize(
    "lengths", [[b"1", b"2"], [b"1", b"1"], [b"+1"], [b"0x1"], [b"-1"], [b"1, 1"], [b""], [b"9" * 19]]
)
def test_a_length_is_told_once_and_in_digits(lengths: list[bytes]) -> None:
    assert code_of(with_(*((b"content-length", each) for each in lengths)), ended=False) is Code.BAD_REQUEST


def test_a_length_without_a_body_is_refused() -> None:
    assert code_of(with_((b"content-length", b"3"))) is Code.BAD_REQUEST
    assert b"content-length" not in read(with_((b"content-length", b"0"))).head


def test_a_body_is_framed_by_what_was_told() -> None:
    assert b"\r\nContent-Length: 3\r\n" in read(with_((b"content-length", b"3"), method=b"POST"), ended=False).head
    assert b"\r\nTransfer-Encoding: chunked\r\n" in read(with_(method=b"POST"), ended=False).head
    assert b"\r\nContent-Length: 0\r\n" in read(with_(method=b"POST")).head
    assert b"content-length" not in read(BASE).head


@pytest.mark.parametrize(
    "pieces", [[(b"abcd", False)], [(b"ab", True)], [(b"ab", False), (b"", True)], [(b"abc", False), (b"d", True)]]
)
def test_a_body_of_another_length_is_noticed_before_it_is_passed_on(pieces: list[tuple[bytes, bool]]) -> None:
    body = Body(3)
    *good, (payload, last) = pieces
    for each, end in good:
        body.feed(each, last=end)
    with pytest.raises(Malformed):
        body.feed(payload, last=last)


def test_a_body_of_unknown_length_goes_in_chunks() -> None:
    body = Body(None)
    assert body.feed(b"abc", last=False) == b"3\r\nabc\r\n"
    assert body.feed(b"", last=False) == b""
    assert body.feed(b"d", last=True) == b"1\r\nd\r\n0\r\n\r\n"


def test_websocket_becomes_the_handshake_of_http_1() -> None:
    fields = [*with_(method=b"CONNECT"), (b":protocol", b"websocket"), (b"sec-websocket-version", b"13")]
    asked = read(fields, ended=False)
    head = parse_request(asked.head)
    assert (head.method, head.target) == (b"GET", b"/a?b")
    assert head.one(b"connection") == b"Upgrade"
    assert head.one(b"upgrade") == b"websocket"
    assert head.all(b"sec-websocket-key") == [asked.websocket_key] == [b"a2V5"]
    assert asked.body.feed(b"\x81\x00", last=False) == b"\x81\x00"


def test_a_key_of_the_clients_does_not_take_the_place_of_ours() -> None:
    more = [(b":protocol", b"websocket"), (b"sec-websocket-key", b"theirs")]
    head = parse_request(read([*with_(method=b"CONNECT"), *more], ended=False).head)
    assert head.all(b"sec-websocket-key") == [b"a2V5"]


def test_other_protocols_are_refused() -> None:
    assert (
        code_of([*with_(method=b"CONNECT"), (b":protocol", b"connect-udp")], ended=False) is Code.UPGRADE_NOT_SUPPORTED
    )
    assert code_of([*BASE, (b":protocol", b"websocket")], ended=False) is Code.BAD_REQUEST
    assert code_of([*with_(method=b"CONNECT"), (b":protocol", b"websocket")]) is Code.BAD_REQUEST


_bytes = st.binary(max_size=6) | st.sampled_from(
    [
        b"a",
        b"x-a",
        b"host",
        b"\r\n",
        b"a\r\nb: c",
        b"content-length",
        b"transfer-encoding",
        b"chunked",
        b"cookie",
        b"5",
        b":path",
    ]
)


@given(
    st.lists(st.tuples(_bytes, _bytes), max_size=5), st.booleans(), st.sampled_from([b"GET", b"POST"]) | _bytes, _bytes
)
def test_whatever_is_let_in_reads_back_as_exactly_what_was_said(
    more: Fields,
    ended: bool,
    method: bytes,
    path: bytes,
) -> None:
    fields = with_(*more, method=method, path=b"/" + path)
    try:
        asked = read(fields, ended=ended)
    except Refusal:
        return
    head = parse_request(asked.head)
    ours = {b"host", b"content-length", b"transfer-encoding", b"cookie"}
    assert (head.method, head.target) == (method, b"/" + path)
    said = [(name, value) for name, value in more if name not in ours]
    assert [
        (name, line.partition(b":")[2][1:])
        for name, line in zip(head.names, head.lines, strict=True)
        if name not in ours
    ] == said
    framing = head.all(b"content-length") + head.all(b"transfer-encoding")
    assert len(framing) <= 1
    assert all(re.fullmatch(rb"\d+|chunked", each) for each in framing)
