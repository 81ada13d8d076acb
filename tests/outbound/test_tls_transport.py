"""TLS with an upstream: what the protocol inside is told, against a server whose every byte is chosen here."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from strongroom.core.failures import Unreachable
from strongroom.core.hosts import Host
from strongroom.core.overriding import override
from strongroom.core.plans import Destination
from strongroom.crypto.tls_channel import TlsChannel
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.trust import upstream_contexts
from tests.outbound.test_dialer import AUTHORITY, NAME, dialer

MUCH = bytes(range(256)) * 16 * 1024


class Inside(asyncio.Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard = b""
        self.news = asyncio.Event()

    def note(self, what: str) -> None:
        self.told.append(what)
        self.news.set()

    async def until(self, what: str) -> None:
        async with asyncio.timeout(10):
            while what not in self.told:
                self.news.clear()
                await self.news.wait()

    async def hears(self, size: int) -> None:
        async with asyncio.timeout(10):
            while len(self.heard) < size:
                self.news.clear()
                await self.news.wait()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.note("made")

    @override
    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.note("data")

    @override
    def eof_received(self) -> None:
        self.note("end")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.note("lost")

    @override
    def pause_writing(self) -> None:
        self.note("pause")

    @override
    def resume_writing(self) -> None:
        self.note("resume")


class Server:
    """The other side of one connection: TLS by hand over a plain socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        self.reader = reader
        self.writer = writer
        self.tls = TlsChannel(context)
        self.early = b""

    async def shaken(self) -> "Server":
        while not self.tls.established:
            self.early += self.tls.receive(await self.reader.read(65536))
            self.writer.write(self.tls.to_send())
        return self

    async def read(self) -> bytes:
        """Return something, or nothing when the other side has said that it sends no more."""
        early, self.early = self.early, b""
        if early:
            return early
        while not self.tls.closed:
            data = await self.reader.read(65536)
            if not data:
                raise ConnectionResetError
            plain = self.tls.receive(data)
            if plain:
                return plain
        return b""

    async def alerted(self) -> None:
        """Wait for the alert that ends a handshake, in its middle or behind it."""
        await self.shaken()
        await self.read()


Serve = Callable[[Server], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> AsyncIterator[int]:
    """Serve one connection; what goes wrong in it is raised at the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    AUTHORITY.issue_cert(NAME).configure_cert(context)
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(Server(reader, writer, context))
            over.set_result(None)
        except Exception as error:  # noqa: BLE001 - raised below
            over.set_exception(error)
        finally:
            writer.close()

    async with await asyncio.start_server(one, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(10):
            await over


async def connected(port: int, out: Dialer | None = None) -> tuple[asyncio.Transport, Inside]:
    return await (out or dialer(pins={NAME: "127.0.0.1"})).connect(Destination("https", NAME, port), Inside)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def version(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    found: ssl.TLSVersion = request.param
    return found


async def test_what_is_said_arrives_on_either_side_however_long_it_is(version: ssl.TLSVersion) -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        heard = b""
        while len(heard) < len(MUCH):
            heard += await at.read()
        at.writer.write(at.tls.send(heard))
        await at.writer.drain()

    async with serving(serve, version) as port:
        transport, inside = await connected(port)
        transport.write(MUCH)
        await inside.hears(len(MUCH))
        assert inside.heard == MUCH
        transport.abort()


async def test_what_comes_with_the_end_of_the_handshake_is_told_after_the_connection() -> None:
    async def serve(at: Server) -> None:
        established = False
        while not established:
            at.tls.receive(await at.reader.read(65536))
            established = at.tls.established
            at.writer.write(at.tls.to_send() + (at.tls.send(b"at once") if established else b""))

    async with serving(serve, ssl.TLSVersion.TLSv1_2) as port:
        _, inside = await connected(port)
        await inside.hears(7)
        assert inside.told[:2] == ["made", "data"]


async def test_an_end_that_was_said_inside_tls_is_told() -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        at.writer.write(at.tls.send(b"all") + at.tls.close())

    async with serving(serve) as port:
        _, inside = await connected(port)
        await inside.until("lost")
        assert inside.told == ["made", "data", "end", "lost"]


async def test_an_end_that_was_not_said_inside_tls_is_none() -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        at.writer.write(at.tls.send(b"all that was not cut off"))

    async with serving(serve) as port:
        _, inside = await connected(port)
        await inside.until("lost")
        assert inside.told == ["made", "data", "lost"]


async def test_the_end_is_not_told_to_who_does_not_read() -> None:
    class Slow(Inside):
        transport: asyncio.Transport | None = None

        @override
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            assert self.transport is not None
            self.transport.pause_reading()

    go = asyncio.Event()

    async def serve(at: Server) -> None:
        await at.shaken()
        await go.wait()
        at.writer.write(at.tls.send(b"all") + at.tls.close())

    async with serving(serve) as port:
        transport, inside = await dialer(pins={NAME: "127.0.0.1"}).connect(Destination("https", NAME, port), Slow)
        inside.transport = transport
        go.set()
        await inside.hears(3)
        await asyncio.sleep(0)
        assert inside.told == ["made", "data"]
        transport.resume_reading()
        await inside.until("end")


@pytest.mark.parametrize("damaged", [0, -1], ids=["its head", "its seal"])
async def test_a_damaged_record_is_told_as_no_end_and_nothing_of_it_as_data(damaged: int) -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        record = bytearray(at.tls.send(b"forged"))
        record[damaged] ^= 0xFF
        at.writer.write(record)
        with pytest.raises(ssl.SSLError, match="ALERT"):
            await at.read()

    async with serving(serve) as port:
        transport, inside = await connected(port)
        await inside.until("lost")
        assert inside.told == ["made", "lost"]
        assert transport.is_closing()


async def test_a_writer_is_told_to_pause_while_nobody_reads_and_to_go_on() -> None:
    go = asyncio.Event()

    async def serve(at: Server) -> None:
        await at.shaken()
        await go.wait()
        heard = 0
        while heard < 4 * len(MUCH):
            heard += len(await at.read())

    async with serving(serve) as port:
        transport, inside = await connected(port)
        for _ in range(4):
            transport.write(MUCH)
        await inside.until("pause")
        assert "resume" not in inside.told
        go.set()
        await inside.until("resume")
        transport.abort()


async def test_closing_is_said_inside_tls() -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        assert await at.read() == b"bye"
        assert await at.read() == b""

    async with serving(serve) as port:
        transport, inside = await connected(port)
        transport.write(b"bye")
        transport.close()
        transport.write(b"and nothing more")
        await inside.until("lost")
        assert "end" not in inside.told


async def test_a_connection_that_is_cut_says_nothing() -> None:
    async def serve(at: Server) -> None:
        await at.shaken()
        with pytest.raises(ConnectionResetError):
            await at.read()

    async with serving(serve) as port:
        transport, inside = await connected(port)
        transport.abort()
        await inside.until("lost")
        assert inside.told == ["made", "lost"]


async def test_who_is_not_trusted_is_told_so_and_nothing_inside_hears_of_it() -> None:
    async def serve(at: Server) -> None:
        with pytest.raises(ssl.SSLError, match="ALERT_UNKNOWN_CA"):
            await at.alerted()

    async with serving(serve) as port:
        with pytest.raises(Unreachable, match="is not valid"):
            await connected(port, dialer(pins={NAME: "127.0.0.1"}, roots=trustme.CA().cert_pem.bytes().decode()))


async def test_a_server_for_another_name_is_refused_before_anything_is_told() -> None:
    made: list[Inside] = []

    def make() -> Inside:
        made.append(Inside())
        return made[-1]

    async def serve(at: Server) -> None:
        with pytest.raises(ssl.SSLError, match="ALERT"):
            await at.alerted()

    other = Host("other.example.com")
    async with serving(serve) as port:
        with pytest.raises(Unreachable, match="Hostname mismatch"):
            await dialer(pins={other: "127.0.0.1"}).connect(Destination("https", other, port), make)
    assert made == []


async def test_a_server_that_vanishes_in_the_handshake_refuses_the_connection() -> None:
    async def serve(at: Server) -> None:
        await at.reader.read(1)

    async with serving(serve) as port:
        with pytest.raises(Unreachable, match="refused the connection"):
            await connected(port)


async def test_a_dial_that_is_given_up_in_the_handshake_leaves_nothing_open() -> None:
    came = asyncio.Event()

    async def serve(at: Server) -> None:
        await at.reader.read(65536)
        came.set()
        assert not await at.reader.read()

    async with serving(serve) as port:
        dial = asyncio.get_running_loop().create_task(connected(port))
        await came.wait()
        dial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dial


async def test_a_new_handshake_on_the_same_connection_is_not_joined() -> None:
    contexts = upstream_contexts(AUTHORITY.cert_pem.bytes().decode())
    assert all(context.options & ssl.OP_NO_RENEGOTIATION for context in contexts.values())
