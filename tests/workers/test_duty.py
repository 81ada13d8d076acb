"""A worker as a process of its own, on what a server has opened."""

import asyncio
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from strongroom.assembly.doors import Doors
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import build
from strongroom.workers.channel import Counts
from strongroom.workers.handover import Handover
from strongroom.workers.staff import Worker

DOORS = Doors(api=("127.0.0.1", 1), proxy=("127.0.0.1", 2))


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings whose data directory a server holds."""
    given = Settings.load({}, {"data_dir": tmp_path / "data", "workers": 2})
    async with build(given, Edge(), doors=DOORS):
        yield given


class Watched:
    """One worker, and what it said."""

    def __init__(self) -> None:
        self.counts: list[Counts] = []
        self.serving = asyncio.Event()

    async def start(self, settings: Settings, bound: socket.socket) -> None:
        self.worker = await Worker.started(Handover(settings=settings, doors=DOORS, number=1), bound)
        said = self.worker.run(counts=lambda _, counts: self.counts.append(counts), changed=self.serving.set)
        self.ended = asyncio.get_running_loop().create_task(said)

    async def serves(self, bound: socket.socket) -> None:
        """Wait until it serves, and see that it does."""
        served = asyncio.get_running_loop().create_task(self.serving.wait())
        await asyncio.wait({self.ended, served}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        assert served.done(), self.ended
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 407")
        writer.close()


@pytest.fixture
async def watched(settings: Settings, bound: socket.socket) -> AsyncIterator[Watched]:
    one = Watched()
    await one.start(settings, bound)
    await one.serves(bound)
    yield one
    one.worker.kill()
    await one.ended


async def test_a_worker_serves_answers_and_stops_when_told_to(watched: Watched) -> None:
    watched.worker.ask()
    async with asyncio.timeout(10):
        await watched.worker.told.wait()
    refused = next(family for family in watched.counts[-1] if family["name"] == "strongroom_egress_refused")
    assert ["strongroom_egress_refused_total", {"code": "authentication_required"}, 1] in refused["samples"]
    watched.worker.stop(1)
    assert await asyncio.wait_for(watched.ended, 20) == "it ended with exit code 0"


async def test_a_worker_that_gets_a_signal_stops_as_if_told_to(watched: Watched) -> None:
    os.kill(watched.worker._process.pid, signal.SIGINT)  # the server's to judge
    os.kill(watched.worker._process.pid, signal.SIGTERM)
    assert await asyncio.wait_for(watched.ended, 20) == "it ended with exit code 0"


async def test_a_worker_whose_feed_is_broken_serves_no_more(
    watched: Watched, settings: Settings, bound: socket.socket
) -> None:
    with closing(sqlite3.connect(settings.data_dir / "strongroom.db")) as connection, connection:
        connection.execute("UPDATE change_counter SET sequence = sequence + 1")
        (sequence,) = connection.execute("SELECT sequence FROM change_counter").fetchone()
        columns = "(sequence, at, subject, workspace_id, subject_id)"
        row = (sequence, 0, "of another kind", "w", "x")
        connection.execute(f"INSERT INTO changes {columns} VALUES (?, ?, ?, ?, ?)", row)  # noqa: S608 - from above
    said = await asyncio.wait_for(watched.ended, 20)
    assert said.startswith("a part that revocation depends on has failed")
    assert not watched.worker.serving


async def test_a_worker_whose_server_is_gone_ends_at_once(watched: Watched) -> None:
    await watched.worker._channel.close()
    assert await asyncio.wait_for(watched.ended, 20) == "it ended with exit code 3"


async def test_a_worker_makes_nothing_and_takes_no_other_database(
    settings: Settings, bound: socket.socket, tmp_path: Path
) -> None:
    one = Watched()
    await one.start(settings.model_copy(update={"data_dir": tmp_path / "elsewhere"}), bound)
    said = await asyncio.wait_for(one.ended, 60)
    assert said == "the database is not the one that the server opened: start the server again"
    assert not (tmp_path / "elsewhere").exists()
