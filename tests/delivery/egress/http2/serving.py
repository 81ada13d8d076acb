"""An upstream of HTTP/2 on a real connection, made of the library that many servers are made of."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import h2.events as on
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

Fields = list[tuple[bytes, bytes]]


@dataclass
class Heard:
    """One request."""

    number: int
    fields: Fields
    body: bytes = b""
    ended: bool = False
    reset: ErrorCodes | int | None = None
    more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def path(self) -> bytes:
        return dict(self.fields)[b":path"]

    async def whole(self) -> None:
        """Wait for the end of the request."""
        while not self.ended and self.reset is None:
            self.more.clear()
            await self.more.wait()


class Http2Server:
    """One connection; `answer` is run for each request."""

    def __init__(
        self,
        answer: Callable[["Http2Server", Heard], Awaitable[None]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        streams: int = 100,
    ) -> None:
        self.answer = answer
        self.reader = reader
        self.writer = writer
        self.h2 = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self.requests: dict[int, Heard] = {}
        self.opened: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def head(self, heard: Heard, *fields: tuple[str, str], status: int = 200, last: bool = False) -> None:
        all_ = [(":status", str(status)), *fields]
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in all_]
        self.h2.send_headers(heard.number, encoded, end_stream=last)
        self.flush()

    def say(self, heard: Heard, data: bytes, *, last: bool = False) -> None:
        self.h2.send_data(heard.number, data, end_stream=last)
        self.flush()

    def trail(self, heard: Heard, *fields: tuple[str, str]) -> None:
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        self.h2.send_headers(heard.number, encoded, end_stream=True)
        self.flush()

    async def pour(self, heard: Heard, body: bytes) -> None:
        """Send a body as the windows allow, and end."""
        at = 0
        while at < len(body):
            room = min(self.h2.local_flow_control_window(heard.number), self.h2.max_outbound_frame_size, len(body) - at)
            if room <= 0:
                self.opened[heard.number].clear()
                await self.opened[heard.number].wait()
                continue
            self.say(heard, body[at : at + room])
            await self.writer.drain()
            at += room
        self.say(heard, b"", last=True)

    async def run(self) -> None:
        """Serve until the connection ends."""
        tasks: list[asyncio.Task[None]] = []
        try:
            while data := await self.reader.read(1 << 16):
                for event in self.h2.receive_data(data):
                    self._note(event, tasks)
                self.flush()
        except (ProtocolError, ConnectionError):
            self.flush()
        finally:
            for heard in self.requests.values():
                heard.reset = ErrorCodes.CONNECT_ERROR if not heard.ended else heard.reset
                heard.more.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, event: on.Event, tasks: list[asyncio.Task[None]]) -> None:
        match event:
            case on.RequestReceived():
                heard = self.requests[event.stream_id] = Heard(event.stream_id, event.headers)
                tasks.append(asyncio.ensure_future(self.answer(self, heard)))
            case on.DataReceived():
                heard = self.requests[event.stream_id]
                heard.body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                heard.more.set()
            case on.StreamEnded():
                self.requests[event.stream_id].ended = True
                self.requests[event.stream_id].more.set()
            case on.StreamReset():
                self.requests[event.stream_id].reset = event.error_code
                self.requests[event.stream_id].more.set()
            case on.WindowUpdated() | on.RemoteSettingsChanged():
                for waiting in self.opened.values():
                    waiting.set()
            case _:
                pass


def serving(
    answer: Callable[[Http2Server, Heard], Awaitable[None]], *, streams: int = 100
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return what runs such a server on each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Http2Server(answer, reader, writer, streams=streams).run()

    return serve
