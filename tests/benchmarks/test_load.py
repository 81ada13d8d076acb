import dataclasses
import ssl
from pathlib import Path

import pytest

from benchmarks.certificates import issue
from benchmarks.load.job import Caller, Job, Route
from benchmarks.load.loops import run
from benchmarks.load.window import percentile
from tests.benchmarks.toy_server import HELLO, answering, multiplexing, swallowing, tunnelling

CONNECTIONS = 4


def job(port: int) -> Job:
    return Job(
        route=Route(host="127.0.0.1", port=port),
        request="GET / HTTP/1.1\r\nHost: toy\r\n\r\n",
        reply_bytes=5,
        connections=CONNECTIONS,
        seconds=0.0,
        at_least=200,
    )


async def test_every_reply_is_counted_once() -> None:
    async with answering(HELLO) as toy:
        measured = await run(job(toy.port))
    assert measured.failure is None
    assert measured.requests == 200
    # Each connection had sent at most one request more when the window closed.
    assert 200 <= len(toy.heads) <= 200 + CONNECTIONS
    assert toy.connections == CONNECTIONS


async def test_callers_have_a_connection_each_and_take_turns() -> None:
    asked = [Caller(tunnel_authorization="", request=f"GET /{number} HTTP/1.1\r\n\r\n") for number in range(10)]
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), callers=tuple(asked), at_least=100))
    assert measured.failure is None
    assert toy.connections == 10
    heard = [head.split(" ")[1] for head in toy.heads[:100]]
    assert {heard.count(f"/{number}") for number in range(10)} <= {8, 9, 10, 11, 12}


async def test_fewer_callers_than_connections_are_all_there_are() -> None:
    asked = Caller(tunnel_authorization="", request="GET / HTTP/1.1\r\n\r\n")
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), callers=(asked,) * (CONNECTIONS - 1), at_least=20))
    assert measured.failure is None
    assert toy.connections == CONNECTIONS - 1


async def test_a_body_follows_the_head_where_that_is_asked() -> None:
    request = "POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n"
    async with swallowing(3_000_000) as toy:
        asked = dataclasses.replace(job(toy.port), request=request, body_bytes=3_000_000, at_least=3, connections=1)
        measured = await run(asked)
    assert measured.failure is None
    assert measured.requests == 3
    assert toy.heads[:3] == [request] * 3


async def test_a_new_connection_is_made_for_each_request_where_that_is_asked() -> None:
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), keep_alive=False, at_least=20))
    assert measured.requests == 20
    assert len(toy.heads) <= toy.connections <= 20 + CONNECTIONS


async def test_replies_while_warming_up_are_not_counted() -> None:
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), warm_up=0.05, at_least=1))
    assert measured.failure is None
    assert len(toy.heads) > measured.requests + CONNECTIONS


async def test_the_window_opens_only_after_as_many_replies_as_asked() -> None:
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), warm_replies=300, at_least=1))
    assert measured.failure is None
    assert len(toy.heads) >= 300 + measured.requests


async def test_requests_are_asked_and_answered_in_http_2() -> None:
    async with multiplexing(b"hello") as toy:
        measured = await run(dataclasses.replace(job(toy.port), http2=True))
    assert (measured.failure, measured.requests) == (None, 200)
    assert set(toy.heads) == {":method=GET :scheme=https :authority=toy :path=/"}
    assert toy.connections == CONNECTIONS


@pytest.mark.parametrize(("body", "status", "said"), [(b"hell", "200", "4 bytes"), (b"hello", "403", "403")])
async def test_a_reply_in_http_2_that_is_not_the_expected_one_fails_the_job(
    body: bytes, status: str, said: str
) -> None:
    async with multiplexing(body, status=status) as toy:
        measured = await run(dataclasses.replace(job(toy.port), http2=True))
    assert said in (measured.failure or "")


async def test_a_server_that_breaks_the_rules_of_http_2_fails_the_job() -> None:
    headers_of_no_stream = b"\0\0\0\x01\x05\0\0\0\0"
    async with answering(headers_of_no_stream) as toy:
        measured = await run(dataclasses.replace(job(toy.port), http2=True, warm_up=0.01))
    assert "not HTTP/2" in (measured.failure or "")


async def test_the_window_lasts_as_long_as_asked() -> None:
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), seconds=0.1, at_least=1))
    assert 0.1 <= measured.seconds < 5
    assert measured.p50_us <= measured.p99_us <= measured.seconds * 1e6


async def test_requests_arrive_at_the_rate_that_was_asked() -> None:
    async with answering(HELLO) as toy:
        measured = await run(dataclasses.replace(job(toy.port), rate=500.0, seconds=0.4, at_least=1))
    assert measured.failure is None
    assert 150 <= measured.requests <= 202  # 200, less what a busy machine was late for


async def test_a_request_that_found_no_free_connection_has_waited() -> None:
    """One connection, a request each millisecond, an answer every 20: the queue grows, and so must the latency."""
    async with answering(HELLO, after=0.02) as toy:
        measured = await run(dataclasses.replace(job(toy.port), connections=1, rate=1000.0, at_least=10))
    assert measured.requests == 10
    assert measured.p99_us >= 9 * 19_000


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nhello", "401"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell", "4 bytes"),
        (b"what?\r\n\r\n", "not HTTP"),
    ],
)
async def test_a_reply_that_is_not_the_expected_one_fails_the_job(reply: bytes, said: str, keep_alive: bool) -> None:
    async with answering(reply) as toy:
        measured = await run(dataclasses.replace(job(toy.port), keep_alive=keep_alive))
    assert measured.failure is not None
    assert said in measured.failure


async def test_a_connection_that_is_closed_fails_the_job() -> None:
    async with answering(HELLO, then_close=True) as toy:
        measured = await run(job(toy.port))
    assert "closed" in (measured.failure or "")


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_requests_travel_through_a_tunnel_with_tls_inside(tmp_path: Path, keep_alive: bool) -> None:
    issued = issue("toy.test", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.upstream)
    async with answering(HELLO, context=context) as toy, tunnelling(toy.port) as proxy:
        route = Route(
            host="127.0.0.1",
            port=proxy.port,
            tunnel="toy.test:443",
            tunnel_authorization="Basic dG9r",
            tls_name="toy.test",
            ca_file=str(issued.authority),
        )
        asked = dataclasses.replace(job(0), route=route, at_least=20, keep_alive=keep_alive)
        measured = await run(asked)
        mistaken = await run(dataclasses.replace(asked, route=dataclasses.replace(route, tls_name="other.test")))
    assert measured.failure is None
    assert measured.requests == 20
    assert proxy.heads[0].splitlines()[0] == "CONNECT toy.test:443 HTTP/1.1"
    assert "Proxy-Authorization: Basic dG9r" in proxy.heads[0].splitlines()
    assert "CERTIFICATE_VERIFY_FAILED" in (mistaken.failure or "")


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, 0), ([7], 99, 7), ([1, 2, 3, 4], 50, 2), (list(range(1, 101)), 99, 99), (list(range(1, 1001)), 99, 990)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[int], percent: int, expected: int) -> None:
    assert percentile(values, percent) == expected
