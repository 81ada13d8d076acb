"""The server's side of a client's HTTP/2 connection: streams opened, served in turns, and ended.

Rules kept here:
- one client's stream cannot hold up another: windows are given back as bytes are really taken, a reply that is not
  read waits in its own box, and its upstream is not read until there is room;
- what breaks the protocol ends the connection with a GOAWAY, what breaks the rules for a message only its stream;
- after a GOAWAY of ours no stream is begun, and those under way may end.
"""

import contextlib
from collections.abc import Iterable
from typing import Protocol, final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from strongroom.delivery.egress.crashes import log_crash
from strongroom.delivery.egress.http2.fields import Fields
from strongroom.delivery.egress.http2.frames import PREFACE, RESET, Broken, Calm, Frames
from strongroom.delivery.egress.http2.sending import Turns, alive
from strongroom.delivery.egress.http2.streams import WINDOW, ClientStream
from strongroom.delivery.egress.refusals import Code
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.tallying import tally_inside
from strongroom.delivery.egress.tunnel import Tunnel

CONNECTION_WINDOW = 1024 * 1024
_FIRST_WINDOW = 65_535  # RFC 9113 6.9.2
_AT_ONCE = 64 * 1024
_CLIENTS_FAULT = frozenset({ErrorCodes.PROTOCOL_ERROR, ErrorCodes.REFUSED_STREAM})


class Wire(Protocol):
    """The connection itself, TLS included."""

    def send(self, data: bytes) -> None:
        """Send, if the client is still there."""

    def close(self, *, linger: bool) -> None:
        """Close when everything is sent."""


@final
class ClientEdge:
    """One connection. Nothing that a client sends makes it raise."""

    def __init__(self, wire: Wire, tunnel: Tunnel, around: Surroundings) -> None:
        self._wire = wire
        self._tunnel = tunnel
        self._around = around
        self._limits = around.limits
        config = H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,  # ours is stricter, and refuses a stream instead of the connection
            normalize_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = H2Connection(config)
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: self._limits.head_bytes,
                SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,
            },
        )
        self._h2.decoder.max_header_list_size = self._limits.head_bytes
        self._calm = Calm(around.loop.time)
        self._frames = Frames(self._calm, preface=PREFACE, largest_block=self._limits.head_bytes)
        self._turns = Turns(self._h2, self._calm)
        self._streams: dict[int, ClientStream] = {}
        self._answered: list[ClientStream] = []
        self._taken = 0  # of the connection's window
        self._congested = False
        self._scheduled = False
        self._receiving = False
        self._stopping = False
        self._over = False
        self._opened = False  # there has been a stream
        self._idle_since = around.loop.time()
        self._h2.initiate_connection()
        # In a frame of its own, so that it binds the library only when the client has heard of it: until then it is
        # kept by refusing streams, not by ending the connection.
        self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._limits.streams})
        self._h2.increment_flow_control_window(CONNECTION_WINDOW - _FIRST_WINDOW)
        self._flush()

    # --- the connection -----------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take what the client sent."""
        if self._over:
            return
        self._receiving = True
        try:
            self._take(self._h2.receive_data(self._frames.feed(data)))
            if self._frames.goaway is not None:
                self._stopping = True
            self._turn()
        except Broken as broken:
            self._fail(broken.code)
        except ProtocolError:
            self._fail(None)  # the library has written the GOAWAY
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            log_crash(error, self._around.counters)
            self._fail(ErrorCodes.INTERNAL_ERROR)
        finally:
            self._receiving = False

    def congested(self, *, congested: bool) -> None:
        """Send nothing while the client does not take it, or go on."""
        self._congested = congested
        if not congested:
            self._wake()

    def finish(self) -> None:
        """Begin nothing more, and close when the last stream has ended."""
        if not self._stopping and not self._over:
            self._stopping = True
            self._say_goaway()
        self._close_if_done()

    def lost(self) -> None:
        """Take the end of the connection: whatever its streams use is given up."""
        self._over = True
        streams, self._streams = list(self._streams.values()), {}
        for stream in [*streams, *self._answered]:
            stream.gone()
        self._answered.clear()

    def check_time(self, now: float) -> None:
        """End what was silent for too long. Called every second or so."""
        for stream in list(self._streams.values()):
            if stream.driver is not None:
                stream.driver.check_time(now)
            elif now - stream.touched > self._limits.read_seconds:
                self.reset(stream, ErrorCodes.CANCEL)
        patience = self._limits.idle_seconds if self._opened else self._limits.head_seconds
        if not self._streams and now - self._idle_since > patience:
            self.finish()

    # --- what streams ask for -----------------------------------------------------------------------

    def head(self, stream: ClientStream, fields: Fields, *, last: bool) -> None:
        """Send a block of fields."""
        if stream.number not in self._streams or not alive(self._h2, stream.number):
            return
        self._h2.send_headers(stream.number, fields, end_stream=last)
        if last:
            self._done(stream)
        self._wake()

    def more(self, stream: ClientStream) -> None:
        """Send what is in the stream's box, when its turn comes."""
        if stream.number in self._streams:
            self._turns.queue(stream.box)
            self._wake()

    def answered(self, stream: ClientStream) -> None:
        """Note that the reply is complete; its conversation may not yet know that itself."""
        self._answered.append(stream)

    def give_back(self, stream: ClientStream, size: int) -> None:
        """Let the client send so many bytes more."""
        if stream.number in self._streams and alive(self._h2, stream.number):
            self._h2.increment_flow_control_window(size, stream.number)
            self._wake()

    def reset(self, stream: ClientStream, code: ErrorCodes) -> None:
        """Give the stream up."""
        if self._streams.pop(stream.number, None) is None:
            return
        self._turns.forget(stream.box)
        if alive(self._h2, stream.number):
            self._h2.reset_stream(stream.number, code)
        self._answered.append(stream)
        if code in _CLIENTS_FAULT:
            self._calm.owe(RESET)
        self._wake()

    # --- inside -------------------------------------------------------------------------------------

    def _take(self, events: Iterable[Event]) -> None:
        events = list(events)
        gone = {event.stream_id for event in events if type(event) is StreamReset}
        for number in gone:
            self._drop(number)
        for event in events:
            match event:
                case RequestReceived() if event.stream_id not in gone:
                    self._open(event)
                case DataReceived():
                    self._data(event, ended=event.stream_id in gone)
                case TrailersReceived() if event.stream_id in self._streams:
                    self._streams[event.stream_id].sent(b"", 0, last=True)  # trailers of requests are not forwarded
                case WindowUpdated():
                    self._turns.opened(event.stream_id or 0)
                case RemoteSettingsChanged():
                    self._turns.opened(0)  # it may have moved all windows
                case _:
                    pass

    def _open(self, event: RequestReceived) -> None:
        number, last = event.stream_id, event.stream_ended is not None
        if self._stopping or len(self._streams) >= self._limits.streams:
            self._h2.reset_stream(number, ErrorCodes.REFUSED_STREAM)
            self._calm.owe(RESET)
            return
        self._opened = True
        stream = self._streams[number] = ClientStream(self, number, self._around)
        stream.open(event.headers, self._tunnel, last=last)

    def _data(self, event: DataReceived, *, ended: bool) -> None:
        size = event.flow_controlled_length
        self._taken += size
        if self._taken >= CONNECTION_WINDOW // 2:
            self._h2.increment_flow_control_window(self._taken)
            self._taken = 0
        stream = self._streams.get(event.stream_id)
        if stream is not None and not ended:
            stream.sent(event.data, size, last=event.stream_ended is not None)

    def _drop(self, number: int) -> None:
        """Take the client's word that it does not want a stream any more."""
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._turns.forget(stream.box)
            stream.gone()

    def _done(self, stream: ClientStream) -> None:
        """Note that everything has been sent; what the client still sends is not wanted (RFC 9113 8.1)."""
        if self._streams.pop(stream.number, None) is None:
            return
        self._calm.earn(RESET)
        if not stream.complete and alive(self._h2, stream.number):
            self._h2.reset_stream(stream.number, ErrorCodes.NO_ERROR)

    def _wake(self) -> None:
        """Have a turn soon, once for all that happens until then."""
        if not self._scheduled and not self._receiving and not self._over:
            self._scheduled = True
            self._around.loop.call_soon(self._turn_later)

    def _turn_later(self) -> None:
        self._scheduled = False
        if self._over:
            return
        try:
            self._turn()
        except Exception as error:  # noqa: BLE001 - as above
            log_crash(error, self._around.counters)
            self._fail(ErrorCodes.INTERNAL_ERROR)

    def _turn(self) -> None:
        """Send what may be sent, and let go of what is complete."""
        while True:
            while self._answered:
                self._answered.pop().gone()
            if not self._congested:
                for box in self._turns.send(_AT_ONCE):
                    self._done(self._streams[box.number])
            self._flush()
            if self._congested or not (self._turns.busy or self._answered):
                break
        if not self._streams:
            self._idle_since = self._around.loop.time()
        self._close_if_done()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data:
            self._wire.send(data)

    def _say_goaway(self) -> None:
        """Announce the end. The library has no word for a GOAWAY after which streams go on."""
        frame = GoAwayFrame(0, last_stream_id=self._h2.highest_inbound_stream_id, error_code=ErrorCodes.NO_ERROR)
        self._flush()
        self._wire.send(frame.serialize())

    def _close_if_done(self) -> None:
        if self._stopping and not self._streams and not self._over:
            self._over = True
            self._wire.close(linger=False)

    def _fail(self, code: ErrorCodes | None) -> None:
        """End a connection that cannot go on."""
        calm = code is ErrorCodes.ENHANCE_YOUR_CALM
        refused = Code.TOO_MANY if calm else Code.BAD_REQUEST
        tally_inside(refused, counters=self._around.counters, tunnel=self._tunnel)
        if code is not None:
            with contextlib.suppress(ProtocolError):
                self._h2.close_connection(code)
        self._flush()
        self.lost()
        self._wire.close(linger=True)
