"""Whoever is slow, on either side, hurts only whom it is slow to: others keep their latency."""

import asyncio
import statistics

import pytest

from tests.delivery.egress.doubles import TOKEN, FixedDelivery
from tests.delivery.egress.running import Rig, read_reply, read_request, rig
from tests.delivery.egress.talk import AUTHORIZED

HANGING = 200
VICTIM = "srt_of_the_victim_0123456789abcdefghijklmnopq"
WORSE = 5.0
NOISE = 0.010
"""Seconds that a busy machine may add to a median of a fraction of a millisecond."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer, or stall before or in the middle of the reply, as the path says."""
    while True:
        head, _ = await read_request(reader)
        path = head.split(b" ")[1]
        if path == b"/stall":
            await reader.read()
        elif path == b"/middle":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegin")
            await reader.read()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def absolute(at: Rig, path: str, *fields: str, method: str = "GET", token: str = TOKEN) -> bytes:
    lines = [f"{method} http://{at.host}{path} HTTP/1.1", f"Host: {at.host}", *fields]
    return "\r\n".join([*lines, AUTHORIZED.decode().strip().replace(TOKEN, token), "", ""]).encode()


def hanging(at: Rig, kind: str) -> bytes:
    """What a client says before it falls silent, or what makes its upstream do so."""
    connect = f"CONNECT {at.host} HTTP/1.1\r\n".encode()
    match kind:
        case "head":
            return absolute(at, "/")[:-10]
        case "connect-head":
            return connect + b"Host: "
        case "handshake":
            return connect + AUTHORIZED + b"\r\n" + b"\x16\x03\x01\x02\x00\x01"
        case "body":
            return absolute(at, "/", "Content-Length: 1000", method="POST") + b"x" * 10
        case "dial":
            return absolute(at, "/")
        case _:
            return absolute(at, f"/{kind}")


async def latency(at: Rig, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """Return the victim's median."""
    took: list[float] = []
    for _ in range(41):
        began = asyncio.get_running_loop().time()
        writer.write(absolute(at, "/", token=VICTIM))
        assert (await read_reply(reader))[1] == b"ok"
        took.append(asyncio.get_running_loop().time() - began)
    return statistics.median(took)


@pytest.mark.parametrize("kind", ["head", "connect-head", "handshake", "body", "dial", "stall", "middle"])
async def test_two_hundred_that_hang_do_not_slow_another_session_down(kind: str) -> None:
    delivery = FixedDelivery()
    delivery.sessions[VICTIM] = delivery.session("sesn_2")
    async with rig(serve, delivery, tls=False) as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.proxy_port)
        before = await latency(at, reader, writer)
        if kind == "dial":
            at.dialer.open.clear()
        others = [await asyncio.open_connection("127.0.0.1", at.proxy_port) for _ in range(HANGING)]
        for _, other in others:
            other.write(hanging(at, kind))
        during = await latency(at, reader, writer)
        for _ in range(9):  # until what they still send each other fits into no buffer any more, and they hang
            if during >= WORSE * before + NOISE:
                during = await latency(at, reader, writer)
        still = at.counters.clients
        for _, other in [*others, (reader, writer)]:
            other.close()
    assert still == HANGING + 1, "they hang"
    assert during < WORSE * before + NOISE
