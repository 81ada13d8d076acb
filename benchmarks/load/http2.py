"""One client connection that speaks HTTP/2: the same request again and again, one at a time."""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns
from typing import cast, final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from benchmarks.load.connection import BUFFER, OK
from strongroom.core.overriding import override

Headers = list[tuple[str, str]]


@final
class Http2Connection(asyncio.BufferedProtocol):
    """Calls `replied` after each whole reply and `failed` with what went wrong, once."""

    def __init__(
        self,
        request: bytes,
        reply_bytes: int,
        *,
        replied: Callable[["Http2Connection"], None],
        failed: Callable[[str], None],
    ) -> None:
        self.started = 0
        self._headers = headers_of(request)
        self._reply_bytes = reply_bytes
        self._replied = replied
        self._failed = failed
        self._view = memoryview(bytearray(BUFFER))
        # What it checks of its own lists and of ours costs time, and the proxies' is what is measured.
        configuration = h2.config.H2Configuration(validate_inbound_headers=False, validate_outbound_headers=False)
        self._speech = h2.connection.H2Connection(configuration)
        self._status = ""
        self._body = 0
        self._closing = False
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._speech.initiate_connection()
        self._flush()

    def send(self, since: int | None = None) -> None:
        """Send the request. The clock of its latency starts here, or `since` then."""
        self.started = since or perf_counter_ns()
        self._speech.send_headers(self._speech.get_next_available_stream_id(), self._headers, end_stream=True)
        self._flush()

    def close(self) -> None:
        """Close without that being a failure."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    @override
    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._view

    @override
    def buffer_updated(self, nbytes: int) -> None:
        try:
            events = self._speech.receive_data(bytes(self._view[:nbytes]))
        except h2.exceptions.ProtocolError as error:
            self._fail(f"the reply is not HTTP/2: {error}")
            return
        whole = [self._take(event) for event in events]
        self._flush()
        if any(whole):
            self._finish()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was closed ({exc or 'end of stream'})")

    def _take(self, event: h2.events.Event) -> bool:
        """Take one event; tell whether the reply is whole with it."""
        if isinstance(event, h2.events.ResponseReceived):
            self._status = dict(event.headers)[b":status"].decode()
        elif isinstance(event, h2.events.DataReceived):
            self._body += len(event.data)
            self._speech.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._fail(f"the stream was reset ({event.error_code})")
        return isinstance(event, h2.events.StreamEnded)

    def _flush(self) -> None:
        assert self._transport is not None
        self._transport.write(self._speech.data_to_send())

    def _finish(self) -> None:
        status, body = self._status, self._body
        self._body = 0
        if status != str(OK) or body != self._reply_bytes:
            self._fail(f"expected {OK} with {self._reply_bytes} bytes, got {status} with {body} bytes")
        else:
            self._replied(self)

    def _fail(self, why: str) -> None:
        if not self._closing:
            self.close()
            self._failed(why)


def headers_of(request: bytes) -> Headers:
    """Return the fields of a request without a body that is written in HTTP/1.1."""
    first, *lines = request.decode().removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    fields = dict(line.split(": ", 1) for line in lines)
    pseudo = [(":method", method), (":scheme", "https"), (":authority", fields.pop("Host")), (":path", path)]
    return pseudo + [(name.lower(), value) for name, value in fields.items()]
