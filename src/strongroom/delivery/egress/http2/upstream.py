"""Our end of an HTTP/2 connection to an upstream: requests of one session to one destination, side by side.

Rules kept here:
- it is never shared between sessions, as no connection is: an upstream may take one for an identity;
- a stream is to its user what a connection of HTTP/1.1 is: it takes a request and gives a reply, both in that form;
- a request that the upstream says it has not looked at (GOAWAY, REFUSED_STREAM) may be sent again like one that died on
  a kept connection; nothing else may;
- windows are given back as bytes are really taken, so a reply that is not read stalls its stream alone.
"""

import contextlib
from collections.abc import Callable
from typing import Protocol, final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from strongroom.core.failures import BadReply
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.crashes import log_crash
from strongroom.delivery.egress.http2.fields import Fields, Malformed
from strongroom.delivery.egress.http2.frames import Broken, Calm, Frames
from strongroom.delivery.egress.http2.sending import Turns, alive
from strongroom.delivery.egress.http2.upstream_streams import WINDOW, UpstreamStream
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.upstream import UpstreamConnection

CONNECTION_WINDOW = 4 * 1024 * 1024
_FIRST_WINDOW = 65_535  # RFC 9113 6.9.2
_AT_ONCE = 64 * 1024
_LAST_NUMBER = (1 << 31) - 1


class Loop(Protocol):
    """What of an event loop is needed here."""

    def time(self) -> float:
        """Return the moment."""

    def call_soon(self, callback: Callable[[], None]) -> object:
        """Call back when others had their turn."""


class Lane(Protocol):
    """Who hands out the streams."""

    def forget(self, session: "UpstreamSession") -> None:
        """Ask this connection for no stream any more."""


@final
class UpstreamSession:
    """One connection, as the user of its socket. Nothing that an upstream sends makes it raise."""

    def __init__(
        self, connection: UpstreamConnection, *, scheme: str, limits: Limits, counters: Counters, loop: Loop
    ) -> None:
        self._connection = connection
        self._scheme = scheme
        self._limits = limits
        self._counters = counters
        self._loop = loop
        config = H2Configuration(
            client_side=True,
            header_encoding=None,
            validate_inbound_headers=False,
            normalize_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = H2Connection(config)
        self._h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.head_bytes,
            },
        )
        self._h2.decoder.max_header_list_size = limits.head_bytes
        self._calm = Calm(loop.time)
        self._frames = Frames(self._calm, preface=b"", largest_block=limits.head_bytes)
        self._turns = Turns(self._h2, self._calm)
        self._streams: dict[int, UpstreamStream] = {}
        self._reserved = 0  # streams handed out that have no number yet
        self._used = False
        self._taken = 0
        self._congested = False
        self._scheduled = False
        self._closing = False
        self.over = False
        """Whether the connection has ended."""
        self.lane: Lane | None = None
        self.idle_since = loop.time()
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - _FIRST_WINDOW)
        self._flush()

    # --- the lane -----------------------------------------------------------------------------------

    def stream(self) -> UpstreamStream | None:
        """Hand out a stream, if there is room for one more."""
        most = min(self._limits.streams, self._h2.remote_settings.max_concurrent_streams)
        if self._closing or self.over or len(self._streams) + self._reserved >= most:
            return None
        if self._h2.highest_outbound_stream_id + 2 * self._reserved + 2 > _LAST_NUMBER:
            return None
        self._reserved += 1
        stream = UpstreamStream(self, self._scheme, reused=self._used)
        self._used = True
        return stream

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._streams and not self._reserved

    def drop(self) -> None:
        """Close at once."""
        self._end()

    # --- the socket -----------------------------------------------------------------------------------

    def upstream_sent(self, data: bytes) -> None:
        """Take what arrived."""
        if self.over:
            return
        try:
            for event in self._h2.receive_data(self._frames.feed(data)):
                self._take(event)
            if self._frames.goaway is not None:
                self._going_away(self._frames.goaway.last)
            self._turn()
        except (Broken, ProtocolError) as error:
            self._fail(error.code if isinstance(error, Broken) else None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            log_crash(error, self._counters)
            self._fail(ErrorCodes.INTERNAL_ERROR)

    def upstream_gone(self, *, clean: bool) -> None:  # noqa: ARG002 - no reply of HTTP/2 ends with the connection
        """Take the end of the connection."""
        self._end()

    def upstream_congested(self, *, congested: bool) -> None:
        """Send nothing for a while, or go on."""
        self._congested = congested
        if not congested:
            self._wake()

    # --- what streams ask for -------------------------------------------------------------------------

    def open(self, stream: UpstreamStream, fields: Fields, *, last: bool) -> None:
        """Send the fields that open a stream."""
        if self.over:
            self._loop.call_soon(lambda: stream.cut(unseen=True))
            return
        stream.box.number = self._h2.get_next_available_stream_id()
        self._reserved -= 1
        self._streams[stream.box.number] = stream
        self._h2.send_headers(stream.box.number, fields, end_stream=last)
        self._wake()

    def more(self, stream: UpstreamStream) -> None:
        """Send what is in the stream's box, when its turn comes."""
        if stream.box.number in self._streams:
            self._turns.queue(stream.box)
            self._wake()

    def give_back(self, stream: UpstreamStream, size: int) -> None:
        """Let the upstream send so many bytes more."""
        if stream.box.number in self._streams and alive(self._h2, stream.box.number):
            self._h2.increment_flow_control_window(size, stream.box.number)
            self._wake()

    def leave(self, stream: UpstreamStream, code: ErrorCodes) -> None:
        """Let go of a stream; what is not complete of it is given up."""
        number = stream.box.number
        if not number:
            self._reserved -= not self.over
        elif self._streams.pop(number, None) is not None:
            self._turns.forget(stream.box)
            if not stream.complete and alive(self._h2, number):
                self._h2.reset_stream(number, code)
            self._wake()
        if self.idle:
            self.idle_since = self._loop.time()
            if self._closing:
                self._end()

    # --- inside -----------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        match event:
            case DataReceived():
                self._data(event)
            case ResponseReceived() | InformationalResponseReceived() | TrailersReceived() | StreamReset():
                stream = self._streams.get(event.stream_id)
                if stream is not None:
                    self._said(stream, event)
            case WindowUpdated():
                self._turns.opened(event.stream_id or 0)
            case RemoteSettingsChanged():
                self._turns.opened(0)
            case _:
                pass

    def _said(
        self,
        stream: UpstreamStream,
        event: ResponseReceived | InformationalResponseReceived | TrailersReceived | StreamReset | DataReceived,
    ) -> None:
        try:
            match event:
                case ResponseReceived():
                    stream.headed(event.headers, last=event.stream_ended is not None)
                case InformationalResponseReceived():
                    stream.interim(event.headers)
                case TrailersReceived():
                    stream.trailed(event.headers)
                case DataReceived():
                    stream.sent(event.data, event.flow_controlled_length, last=event.stream_ended is not None)
                case StreamReset():
                    self._streams.pop(stream.box.number, None)
                    self._turns.forget(stream.box)
                    stream.cut(unseen=event.error_code == ErrorCodes.REFUSED_STREAM)
        except Malformed as problem:
            self.leave(stream, ErrorCodes.PROTOCOL_ERROR)
            stream.failed(BadReply(f"the upstream's HTTP/2 reply {problem.sentence}"))

    def _data(self, event: DataReceived) -> None:
        size = event.flow_controlled_length
        self._taken += size
        if self._taken >= CONNECTION_WINDOW // 2:
            self._h2.increment_flow_control_window(self._taken)
            self._taken = 0
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            self._said(stream, event)
            self._calm.earn(1)

    def _going_away(self, last: int) -> None:
        """Open nothing more; what the upstream has not looked at, it never will."""
        self._closing = True
        if self.lane is not None:
            self.lane.forget(self)
        for number in [number for number in self._streams if number > last]:
            stream = self._streams.pop(number)
            self._turns.forget(stream.box)
            stream.cut(unseen=True)
        if self.idle:
            self._end()

    def _wake(self) -> None:
        if not self._scheduled and not self.over:
            self._scheduled = True
            self._loop.call_soon(self._turn_later)

    def _turn_later(self) -> None:
        self._scheduled = False
        try:
            self._turn()
        except Exception as error:  # noqa: BLE001 - as above
            log_crash(error, self._counters)
            self._fail(ErrorCodes.INTERNAL_ERROR)

    def _turn(self) -> None:
        """Send what may be sent."""
        while not self.over:
            if not self._congested:
                self._turns.send(_AT_ONCE)
            self._flush()
            if self._congested or not self._turns.busy:
                return

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._connection.write(data)

    def _fail(self, code: ErrorCodes | None) -> None:
        """End a connection that the upstream has broken."""
        if code is not None:
            with contextlib.suppress(ProtocolError):
                self._h2.close_connection(code)
        self._flush()
        self._end(BadReply("the upstream breaks the protocol of HTTP/2"))

    def _end(self, failure: BadReply | None = None) -> None:
        if self.over:
            return
        self.over = True
        if self.lane is not None:
            self.lane.forget(self)
        streams, self._streams = list(self._streams.values()), {}
        self._connection.drop()
        for stream in streams:
            if failure is None:
                stream.cut(unseen=False)
            else:
                stream.failed(failure)
