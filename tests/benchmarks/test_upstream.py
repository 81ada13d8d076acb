import asyncio
import dataclasses

import pytest

from benchmarks.load.job import Job, Route
from benchmarks.load.loops import run
from benchmarks.processes import BenchmarkFailed
from benchmarks.rounds import require_secret_arrived
from benchmarks.upstream import JSON_BYTES, Connection, Counts

RIGHT = "Bearer the-secret"


async def test_the_upstream_counts_who_brought_the_secret_and_who_did_not() -> None:
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(RIGHT.encode(), counts), "127.0.0.1", 0)
    asked = Job(
        route=Route(host="127.0.0.1", port=server.sockets[0].getsockname()[1]),
        request=f"GET /json HTTP/1.1\r\nHost: u\r\nAuthorization: {RIGHT}\r\n\r\n",
        reply_bytes=JSON_BYTES,
        connections=1,
        seconds=0.0,
        at_least=10,
    )
    streamed = dataclasses.replace(
        asked, request=asked.request.replace("/json", "/stream/1000000"), reply_bytes=1_000_000, at_least=2
    )
    mistaken = dataclasses.replace(asked, request=asked.request.replace("the-secret", "PLACEHOLDER"))
    async with server:
        assert (await run(asked)).failure is None
        assert counts.right >= 10
        assert (await run(streamed)).failure is None
        assert counts.wrong == 0
        assert "401" in ((await run(mistaken)).failure or "")
    assert counts.wrong == 1


def test_replies_without_as_many_requests_at_the_upstream_are_refused() -> None:
    require_secret_arrived(Counts(right=12, wrong=0), 10)
    with pytest.raises(BenchmarkFailed):
        require_secret_arrived(Counts(right=9, wrong=0), 10)
    with pytest.raises(BenchmarkFailed):
        require_secret_arrived(Counts(right=12, wrong=1), 10)
