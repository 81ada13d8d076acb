"""TLS with an upstream as a transport: between the socket's own transport, and the protocol that speaks inside.

Rules kept here:
- the protocol inside is told of its connection when the handshake is over, and of nothing before; what came with the
  end of the handshake follows at once;
- it is told of an end (`eof_received`) only if the upstream has said so inside TLS. A connection that just vanishes may
  have been cut by anybody on the way;
- while it does not read, it is not told of the end either;
- it is told to pause as the socket's transport is: TLS holds nothing back that it was given.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, cast, final

from strongroom.core.overriding import override
from strongroom.crypto.tls_channel import TlsChannel


@final
class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """One connection. Await `ready` before use: it raises `ssl.SSLError` or `OSError` if the handshake fails."""

    def __init__(
        self, channel: TlsChannel, factory: Callable[[], asyncio.Protocol], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__()
        self._channel = channel
        self._factory = factory
        self._loop = loop
        self._wire: asyncio.Transport | None = None
        self.inner: asyncio.Protocol | None = None
        """The protocol inside, from the end of the handshake to the end of the connection."""
        self._paused = False
        self._end_due = False  # the upstream has said that it sends no more, and that has not been told yet
        self._closing = False
        self.ready: asyncio.Future[None] = loop.create_future()

    # --- the socket's side --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are ones by their methods, not by their class.
        self._wire = cast("asyncio.Transport", transport)
        self._channel.shake()
        self._wire.write(self._channel.to_send())

    @override
    def data_received(self, data: bytes) -> None:
        channel, wire = self._channel, self._wire
        if wire is None or self._closing:
            return
        try:
            plain = channel.receive(data)
        except ssl.SSLError as error:
            wire.write(channel.to_send())  # the alert that tells the upstream why
            self._fail(error)
            return
        if channel.says.pending:
            wire.write(channel.to_send())
        inner = self.inner
        if inner is None:
            if not channel.established:
                return
            inner = self._begin()
        if plain and not self._closing:
            inner.data_received(plain)
        if channel.closed:
            self._end_due = True
            self._tell_end()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._wire, self._closing = None, True
        if not self.ready.done():
            self.ready.set_exception(ConnectionResetError("closed in the middle of the TLS handshake"))
        inner, self.inner = self.inner, None
        if inner is not None:
            inner.connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        if self.inner is not None:
            self.inner.pause_writing()

    @override
    def resume_writing(self) -> None:
        if self.inner is not None:
            self.inner.resume_writing()

    def _begin(self) -> asyncio.Protocol:
        inner = self.inner = self._factory()
        inner.connection_made(self)
        if not self.ready.done():
            self.ready.set_result(None)
        return inner

    def _fail(self, error: ssl.SSLError) -> None:
        self._closing = True
        if not self.ready.done():
            self.ready.set_exception(error)
        if self._wire is not None:
            self._wire.close()  # when the alert is sent

    def _tell_end(self) -> None:
        if self._end_due and not self._paused and not self._closing and self.inner is not None:
            self._end_due = False
            if not self.inner.eof_received():
                self.close()

    # --- the protocol's side ------------------------------------------------------------------------

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        wire = self._wire
        if wire is not None and not self._closing:
            wire.write(self._channel.send(data))

    @override
    def pause_reading(self) -> None:
        self._paused = True
        if self._wire is not None:
            self._wire.pause_reading()

    @override
    def resume_reading(self) -> None:
        self._paused = False
        if self._wire is not None:
            self._wire.resume_reading()
        if self._end_due:
            self._loop.call_soon(self._tell_end)

    @override
    def is_closing(self) -> bool:
        return self._closing or self._wire is None or self._wire.is_closing()

    @override
    def close(self) -> None:
        wire = self._wire
        if wire is None or self._closing:
            return
        self._closing = True
        wire.write(self._channel.close())
        wire.close()

    @override
    def abort(self) -> None:
        self._closing = True
        if self._wire is not None:
            self._wire.abort()

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's signature
        if name == "ssl_object":
            return self._channel.ssl_object
        return default if self._wire is None else self._wire.get_extra_info(name, default)
