"""One client's connection: its socket, the TLS inside, and how it ends. What is said on it is its driver's business."""

import asyncio
import ssl
from typing import cast, final

from strongroom.core.hosts import Host
from strongroom.core.overriding import override
from strongroom.crypto.tls_channel import TlsChannel
from strongroom.delivery.egress.cutting import reset
from strongroom.delivery.egress.driver import Driver
from strongroom.delivery.egress.http2.edge import ClientEdge
from strongroom.delivery.egress.ports import HTTP_2
from strongroom.delivery.egress.short_way import QuickConversation
from strongroom.delivery.egress.surroundings import Surroundings


@final
class ClientConnection(asyncio.Protocol):
    """One client, from its first byte to its last."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._counters = around.counters
        self._driver = Driver(self, QuickConversation(limits=around.limits, counters=around.counters), around)
        self._transport: asyncio.Transport | None = None
        self._tls: TlsChannel | None = None
        self._agreed = False
        self._edge: ClientEdge | None = None  # where it speaks HTTP/2: the driver then only keeps the tunnel
        self._ending_since: float | None = None

    # --- asyncio ----------------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are ones by their methods, not by their class.
        self._transport = cast("asyncio.Transport", transport)
        if len(self._around.clients) >= self._around.limits.connections:
            self._transport.abort()
            return
        self._around.clients.add(self)
        self._counters.clients += 1

    @override
    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self not in self._around.clients:
            return
        self._around.clients.discard(self)
        self._counters.clients -= 1
        self._transport = None
        if self._edge is not None:
            self._edge.lost()
        self._driver.client_gone()
        self._around.departed()

    @override
    def data_received(self, data: bytes) -> None:
        if self._ending_since is not None:
            return  # thrown away: the client has had its answer
        self._driver.touch()
        if self._tls is not None:
            self._decrypt(self._tls, data)
        else:
            self._driver.client_sent(data)

    @override
    def eof_received(self) -> bool:
        """Answer what the client has asked for before it closed its half; true keeps the other half open.

        Inside TLS its end without a word from TLS is no such thing.
        """
        if self._tls is not None or not self._driver.conversation.finishing:
            return False
        self._driver.conversation.stopping = True
        return True

    @override
    def pause_writing(self) -> None:
        self._congested(congested=True)

    @override
    def resume_writing(self) -> None:
        self._congested(congested=False)

    def _congested(self, *, congested: bool) -> None:
        if self._edge is None:
            self._driver.client_congested(congested=congested)
        else:
            self._edge.congested(congested=congested)

    # --- what the driver asks for -------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send, if the client is still there."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(data if self._tls is None else self._tls.send(data))

    def steer(self, *, paused: bool) -> bool:
        """Stop reading, or go on."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if paused:
            transport.pause_reading()
        else:
            transport.resume_reading()
        return True

    def start_tls(self, host: Host, early: bytes) -> None:
        """Speak TLS from here on, as this host."""
        self._tls = TlsChannel(self._around.authority.context(host))
        self._decrypt(self._tls, early)

    def close(self, *, linger: bool) -> None:
        """Close when everything is sent."""
        transport = self._transport
        if transport is None:
            return
        if self._tls is not None:
            transport.write(self._tls.close())
        if not linger:
            transport.close()
            return
        self._ending_since = self._around.loop.time()
        self.steer(paused=False)
        try:
            transport.write_eof()
        except OSError:  # the client has cut the connection, and we have not been told yet
            transport.abort()

    def cut(self) -> None:
        """Cut at once. The client cannot take what it has got for complete."""
        if self._edge is not None:
            self._edge.lost()
        if self._transport is not None:
            reset(self._transport)

    # --- TLS and the end --------------------------------------------------------------------------

    def _decrypt(self, tls: TlsChannel, data: bytes) -> None:
        try:
            plain = tls.receive(data)
            reply = tls.to_send() if tls.says.pending else b""
        except ssl.SSLError:
            self._counters.handshakes_failed += not tls.established
            if self._transport is not None:
                self._transport.write(tls.to_send())  # the alert that tells the client why
                self._transport.close()
            return
        if reply and self._transport is not None:
            self._transport.write(reply)
        if not self._agreed and tls.established:
            self._agree(tls)
        if plain and self._edge is None:
            self._driver.client_sent(plain)
        elif plain and self._edge is not None:
            self._edge.receive(plain)
        if tls.closed and self._transport is not None:
            self._transport.close()

    def _agree(self, tls: TlsChannel) -> None:
        """Speak the version of HTTP that was agreed on in the handshake."""
        self._agreed = True
        tunnel = self._driver.conversation.tunnel
        if tls.protocol == HTTP_2 and tunnel is not None:
            tunnel.multiplexed = True
            self._edge = ClientEdge(self, tunnel, self._around)

    def abort(self) -> None:
        """Cut the connection at once, and what it uses."""
        self._driver.abort()

    def finish(self) -> None:
        """Close the connection when the present exchange, if any, is over."""
        self._driver.conversation.stopping = True
        if self._edge is not None:
            self._edge.finish()
        elif self._driver.conversation.idle:
            self.close(linger=False)

    def check_time(self, now: float) -> None:
        """Close the connection if its client or its upstream was silent for too long. Called every second or so."""
        if self._ending_since is None:
            (self._driver if self._edge is None else self._edge).check_time(now)
        elif self._transport is not None and now - self._ending_since > self._allowed(self._transport):
            self._transport.abort()  # without a reset, which could take the answer away

    def _allowed(self, transport: asyncio.Transport) -> float:
        """Return how long the end may take: a client that is slow to take what it was sent is given time for it."""
        limits = self._around.limits
        return limits.read_seconds if transport.get_write_buffer_size() else limits.linger_seconds
