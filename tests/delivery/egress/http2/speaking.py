"""A client of HTTP/2 through the proxy, on a real socket: the library that many clients are made of, and raw frames."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import h2.events as on
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError

from tests.delivery.egress.running import Rig

Fields = list[tuple[bytes, bytes]]
WINDOW = 1 << 20


@dataclass
class Heard:
    """What came on one stream."""

    heads: list[Fields] = field(default_factory=list)
    body: bytes = b""
    trailers: Fields | None = None
    ended: bool = False
    reset: ErrorCodes | int | None = None

    @property
    def status(self) -> int:
        return int(dict(self.heads[-1])[b":status"])

    @property
    def fields(self) -> dict[bytes, bytes]:
        return dict(self.heads[-1])

    @property
    def over(self) -> bool:
        return self.ended or self.reset is not None


class Http2Client:
    """One connection. It says whatever it is told to, also what is against the rules."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader = reader
        self.writer = writer
        self.host = host
        self.h2 = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.streams: defaultdict[int, Heard] = defaultdict(Heard)
        self.goaway: ErrorCodes | int | None = None
        self.unread: set[int] = set()  # streams whose window is not opened again
        self.settings: dict[int, int] = {}
        self.closed = False
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        """Send bytes behind the library's back."""
        self.flush()
        self.writer.write(data)

    def fields(self, path: str = "/", method: str = "GET", *more: tuple[str, str]) -> Fields:
        pseudo = [(":method", method), (":scheme", "https"), (":authority", self.host), (":path", path)]
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*pseudo, *more]]

    def ask(self, fields: Fields, *, last: bool = True) -> int:
        """Open a stream; return its number."""
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, fields, end_stream=last)
        self.flush()
        return number

    def say(self, number: int, data: bytes, *, last: bool = False) -> None:
        self.h2.send_data(number, data, end_stream=last)
        self.flush()

    async def upload(self, number: int, body: bytes) -> None:
        """Send a body as the windows allow."""
        at = 0
        while at < len(body):
            room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size, len(body) - at)
            if room <= 0:
                await self.hear()
                continue
            self.say(number, body[at : at + room])
            await self.writer.drain()
            at += room
        self.say(number, b"", last=True)

    async def hear(self) -> None:
        """Take what came."""
        data = await self.reader.read(1 << 16)
        if not data:
            self.closed = True
            return
        for event in self.h2.receive_data(data):
            self._note(event)
        self.flush()

    def _note(self, event: on.Event) -> None:
        match event:
            case on.ResponseReceived() | on.InformationalResponseReceived():
                self.streams[event.stream_id].heads.append(event.headers)
            case on.DataReceived():
                heard = self.streams[event.stream_id]
                heard.body += event.data
                if event.stream_id not in self.unread:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case on.TrailersReceived():
                self.streams[event.stream_id].trailers = event.headers
            case on.StreamEnded():
                self.streams[event.stream_id].ended = True
            case on.StreamReset():
                self.streams[event.stream_id].reset = event.error_code
            case on.ConnectionTerminated():
                self.goaway = event.error_code
            case on.RemoteSettingsChanged():
                self.settings |= {int(code): change.new_value for code, change in event.changed_settings.items()}
            case _:
                pass

    async def until(self, done: Callable[[], bool]) -> None:
        """Take what comes until something is so, or the connection ends."""
        while not done() and not self.closed:
            try:
                await self.hear()
            except (ConnectionError, ProtocolError):
                self.closed = True

    async def reply(self, number: int) -> Heard:
        """Return what came on a stream, once it is over."""
        heard = self.streams[number]
        await self.until(lambda: heard.over)
        return heard

    async def get(self, path: str = "/", *more: tuple[str, str]) -> Heard:
        return await self.reply(self.ask(self.fields(path, "GET", *more)))

    async def ended(self) -> None:
        """Wait for the end of the connection."""
        await self.until(lambda: False)

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.writer.close()


async def http2(at: Rig) -> Http2Client:
    """Open a tunnel through the proxy and speak HTTP/2 in it."""
    context = at.client_context()
    context.set_alpn_protocols(["h2"])
    reader, writer = await at.tunnel(context=context)
    return Http2Client(reader, writer, at.host)
