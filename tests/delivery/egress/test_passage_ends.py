"""How a tunnel that passes through ends, on real sockets: nothing that was sent is lost on the way."""

import asyncio
import socket

from strongroom.core.overriding import override
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress.client import ClientConnection
from tests.delivery.egress.doubles import FixedDelivery
from tests.delivery.egress.running import PATIENCE, rig
from tests.delivery.egress.test_passage import HELLO

SMALL = 4096


def narrow() -> socket.socket:
    """A listening socket whose connections take little at a time: what is sent to them waits with the sender."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    return listening


async def nobody(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Serve nothing."""


async def test_what_a_client_has_sent_before_it_left_arrives() -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    left = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()
        heard.set_result(await reader.read())
        writer.close()

    sent = HELLO + b"x" * 8_000_000
    async with rig(nobody, FixedDelivery(passes_through=True), tls=False) as at:
        upstream = await asyncio.start_server(slow, sock=narrow(), limit=SMALL)
        port = upstream.sockets[0].getsockname()[1]
        _, writer = await at.connect(f"api.example.com:{port}")
        writer.write(sent)
        writer.close()
        left.set()
        async with asyncio.timeout(PATIENCE):
            assert len(await heard) == len(sent)
        upstream.close()


class Wire(asyncio.Transport):
    """A client's socket, as far as its end needs one."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self.ends: list[str] = []

    @override
    def get_write_buffer_size(self) -> int:
        return self.waiting

    @override
    def is_closing(self) -> bool:
        return bool(self.ends)

    @override
    def resume_reading(self) -> None:
        """Go on."""

    @override
    def write_eof(self) -> None:
        """Say that nothing more comes."""

    @override
    def abort(self) -> None:
        self.ends.append("abort")


async def test_a_client_that_is_slow_to_take_what_came_last_is_given_time() -> None:
    limits = Limits(linger_seconds=2, read_seconds=60)
    async with rig(nobody, tls=False, limits=limits) as at:
        around = at.proxy._around
        assert around is not None
        for waiting, allowed in ((0, limits.linger_seconds), (1, limits.read_seconds)):
            wire, client = Wire(), ClientConnection(around)
            wire.waiting = waiting
            client.connection_made(wire)
            client.close(linger=True)
            client.check_time(around.loop.time() + allowed - 1)
            assert wire.ends == []
            client.check_time(around.loop.time() + allowed + 1)
            assert wire.ends == ["abort"]
            client.connection_lost(None)
