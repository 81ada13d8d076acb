"""Accepting on a shared socket: who has taken a connection lets the others come first."""

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, cast, final

import pytest

from strongroom.core.overriding import override
from strongroom.delivery.egress.turns import ROOM_AGAIN, TURN, Turns
from strongroom.edge import Background

BURST = 24


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


@final
class Greeter(asyncio.Protocol):
    """Says who has taken the connection."""

    open: ClassVar[set["Greeter"]] = set()
    """As a proxy holds its clients: uvloop closes what nobody holds."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class
        self.open.add(self)
        self._transport.write(self._name)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.open.discard(self)


def taking(bound: socket.socket, name: bytes) -> tuple[Turns, Background]:
    background = Background()
    turns = Turns(
        bound=bound.dup(),
        loop=asyncio.get_running_loop(),
        spawn=background.spawn,
        protocol=lambda: Greeter(name),
    )
    return turns, background


async def taker(bound: socket.socket) -> bytes:
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        return await reader.readexactly(1)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_burst_is_shared_between_those_that_accept(bound: socket.socket) -> None:
    here = [taking(bound, name) for name in (b"a", b"b")]
    takers = Counter(await asyncio.gather(*(taker(bound) for _ in range(BURST))))
    assert sum(takers.values()) == BURST
    assert min(takers[b"a"], takers[b"b"]) >= BURST // 4, takers
    for turns, background in here:
        turns.close()
        await background.close()


async def test_one_alone_takes_all_and_nothing_once_it_is_closed(bound: socket.socket) -> None:
    turns, background = taking(bound, b"a")
    assert await asyncio.gather(*(taker(bound) for _ in range(BURST))) == [b"a"] * BURST
    turns.close()
    await background.close()
    waiting = asyncio.get_running_loop().create_task(taker(bound))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, 20 * TURN)


@final
class Full:
    """A socket for which there is no descriptor left, the first time."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.asked = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.asked += 1
        if self.asked == 1:
            raise OSError(errno.EMFILE, "too many open files")
        return self.real.accept()

    def setblocking(self, flag: bool) -> None:
        self.real.setblocking(flag)

    def fileno(self) -> int:
        return self.real.fileno()

    def close(self) -> None:
        self.real.close()


async def test_without_a_descriptor_it_says_so_once_and_tries_again_later(
    bound: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    full, background = Full(bound.dup()), Background()
    turns = Turns(
        bound=full,  # type: ignore[arg-type]
        loop=asyncio.get_running_loop(),
        spawn=background.spawn,
        protocol=lambda: Greeter(b"a"),
    )
    began = asyncio.get_running_loop().time()
    assert await taker(bound) == b"a"
    assert asyncio.get_running_loop().time() - began >= ROOM_AGAIN
    assert full.asked == 2
    assert [record.message for record in caplog.records] == [
        "a connection cannot be accepted (too many open files): raise this user's limit of open files"
    ]
    turns.close()
    await background.close()
