"""Every refusal is counted: in the metrics, and for its session wherever one can be told."""

import asyncio

import pytest

from strongroom.core.failures import NotPermitted
from strongroom.delivery.egress.refusals import Code
from strongroom.services.live import MAX_REFUSED
from tests.delivery.egress.doubles import TOKEN, FixedDelivery
from tests.delivery.egress.running import rig
from tests.delivery.egress.talk import AUTHORIZED, CONNECT, Talk, request


async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Nobody gets as far as here."""


async def counted(delivery: FixedDelivery) -> list[tuple[str, str, int]]:
    await delivery.meter.flush()
    return [(row.code, row.host, row.count) for row in delivery.refusals.rows]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: b.example\r\n" + AUTHORIZED + b"\r\n",
            ("authority_mismatch", ""),
        ),
        (b"GET / HTTP/1.1\r\nHost: b.example\r\n" + AUTHORIZED + b"\r\n", ("bad_request", "")),
        (CONNECT, ("host_not_allowed", "api.example.com")),
    ],
)
async def test_what_is_refused_to_the_proxy_itself_is_counted_for_the_session_of_its_token(
    head: bytes, expected: tuple[str, str]
) -> None:
    delivery = FixedDelivery(refuse=lambda _: NotPermitted("no"))
    talk = Talk(delivery).client(head)
    assert talk.counters.refused[Code(expected[0])] == 1
    assert await counted(delivery) == [(*expected, 1)]


async def test_what_is_refused_in_a_tunnel_is_counted_with_its_host() -> None:
    talk = Talk().tunnel()
    talk.client(request(host="other.example"))
    assert await counted(talk.delivery) == [("authority_mismatch", "api.example.com", 1)]


async def test_what_nobody_can_be_told_of_is_counted_in_the_metrics_alone() -> None:
    talk = Talk()
    for head in (b"nonsense\r\n\r\n", CONNECT.replace(TOKEN.encode(), b"srt_wrong")):
        talk = Talk(talk.delivery)
        talk.client(head)
        assert sum(talk.counters.refused.values()) == 1
    assert await counted(talk.delivery) == []


async def test_hosts_beyond_the_bound_are_counted_together() -> None:
    delivery = FixedDelivery()
    for number in range(MAX_REFUSED + 3):
        delivery.live.turned_away("host_not_allowed", f"host{number}.example")
    delivery.live.turned_away("host_not_allowed", "host0.example")
    rows = await counted(delivery)
    assert len(rows) == MAX_REFUSED + 1
    assert ("host_not_allowed", "", 3) in rows
    assert ("host_not_allowed", "host0.example", 2) in rows


@pytest.mark.parametrize("cold", [False, True])
async def test_a_session_is_found_for_the_count_alone(cold: bool) -> None:
    delivery = FixedDelivery(cold=cold)
    async with rig(silent, delivery) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.proxy_port)
        writer.write(b"GET /nowhere HTTP/1.1\r\nHost: a.example\r\n" + AUTHORIZED + b"\r\n")
        assert b"400 Bad Request" in await reader.read()
        writer.close()
        async with asyncio.timeout(10):
            while not await counted(delivery):  # noqa: ASYNC110 - nothing tells when a count is made
                await asyncio.sleep(0)
    assert await counted(delivery) == [("bad_request", "", 1)]
