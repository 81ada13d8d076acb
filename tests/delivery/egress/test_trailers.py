"""Fields behind a reply's body: kept for clients that take them, clean, and only such as may stand there."""

from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, request

TAKES = ("TE: trailers", "Connection: TE")


def chunked(*trailers: str, body: bytes = b"ok") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n" % (len(body), body) + "\r\n".join([*trailers, "", ""]).encode()


def talk(*fields: str, delivery: FixedDelivery | None = None) -> Talk:
    at = Talk(delivery).tunnel()
    at.client(request("/", *fields))
    return at


def test_trailers_reach_a_client_that_takes_them() -> None:
    for whole in (True, False):
        at = talk(*TAKES)
        assert b"TE: trailers\r\nConnection: TE\r\n" in at.heard_by_upstream()
        said = chunked("X-Sum: 1", "grpc-status: 0")
        for piece in [said] if whole else [said[:80], said[80:]]:
            at.upstream(piece)
        heard = at.heard_by_client()
        assert heard.endswith(b"\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\ngrpc-status: 0\r\n\r\n")
        assert b"Trailer:" not in heard


def test_trailers_are_dropped_for_a_client_that_did_not_ask() -> None:
    at = talk()
    assert b"TE:" not in at.heard_by_upstream()
    at.upstream(chunked("X-Sum: 1"))
    assert b"X-Sum" not in at.heard_by_client()


def test_trailers_are_scrubbed() -> None:
    at = talk(*TAKES, f"Authorization: Bearer {PLACEHOLDER}", delivery=FixedDelivery(swaps=(swap(),)))
    at.upstream(chunked(f"X-Echo: {SECRET}", "X-Plain: 1", "X-Last: 2", body=SECRET.encode()))
    heard = at.heard_by_client()
    assert SECRET.encode() not in heard
    assert f"X-Echo: {PLACEHOLDER}\r\nX-Plain: 1\r\nX-Last: 2\r\n".encode() in heard


def test_a_field_that_is_a_secret_as_a_whole_goes() -> None:
    secret = "someone:hush/7+really"
    at = talk(*TAKES, f"X: {PLACEHOLDER}", delivery=FixedDelivery(swaps=(swap(secret=secret),)))
    at.upstream(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%b\r\nX-A: 1\r\n\r\n" % secret.encode())
    at.upstream(b"2\r\nok\r\n0\r\n%b\r\nX-B: 2\r\n\r\n" % secret.encode())
    heard = at.heard_by_client()
    assert secret.encode() not in heard
    assert b"X-A: 1" in heard
    assert b"X-B: 2" in heard


def test_trailers_that_frame_route_or_authenticate_are_left_out() -> None:
    at = talk(*TAKES)
    forbidden = ["Content-Length: 5", "Transfer-Encoding: chunked", "Set-Cookie: a=b", "Host: b", "Connection: x-a"]
    forbidden += ["Proxy-Authenticate: Basic", "Content-Encoding: gzip", "Location: /", "Alt-Svc: clear", "TE: gzip"]
    at.upstream(chunked(*forbidden, "X-Sum: 1"))
    assert at.heard_by_client().endswith(b"0\r\nX-Sum: 1\r\n\r\n")


def test_a_client_of_http_1_0_gets_no_trailers() -> None:
    at = Talk().tunnel()
    at.client(request("/", *TAKES).replace(b"HTTP/1.1", b"HTTP/1.0"))
    at.upstream(chunked("X-Sum: 1"))
    assert b"X-Sum" not in at.heard_by_client()


def test_the_end_of_a_request_body_is_not_followed_by_its_trailers() -> None:
    at = talk("Transfer-Encoding: chunked", "Trailer: X-Sum")
    at.client(b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert at.heard_by_upstream().endswith(b"\r\n\r\n2\r\nok\r\n0\r\n\r\n")
