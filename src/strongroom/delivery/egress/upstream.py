"""Our end of one connection to an upstream: hands on what arrives to whoever uses it now."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast, final

from strongroom.core.overriding import override
from strongroom.delivery.egress.ports import HTTP_2

_FIRST_OF_HTTP_1 = ord("H")  # of `HTTP/1.1 200`; HTTP/2 begins with the length of a frame


class User(Protocol):
    """Who uses a connection at the moment."""

    def upstream_sent(self, data: bytes) -> None:
        """Take what arrived."""

    def upstream_gone(self, *, clean: bool) -> None:
        """Take the end; `clean` if the upstream said so, instead of just vanishing."""

    def upstream_congested(self, *, congested: bool) -> None:
        """Stop sending for a while, or go on."""


class _Nobody:
    """Uses a connection that has been told goodbye."""

    def upstream_sent(self, data: bytes) -> None:
        """Throw it away."""

    def upstream_gone(self, *, clean: bool) -> None:
        """That is what was waited for."""

    def upstream_congested(self, *, congested: bool) -> None:
        """Nothing more is sent."""


_NOBODY = _Nobody()

Multiplex = Callable[["UpstreamConnection"], User]
"""Makes the user of a connection on which HTTP/2 is spoken."""


class Keeper(Protocol):
    """Who keeps a connection that nobody uses."""

    def lost(self, connection: "UpstreamConnection") -> None:
        """Forget a connection that is not fit for use any more."""


@final
class UpstreamConnection(asyncio.Protocol):
    """One connection. While idle it expects silence: whatever arrives then belongs to no request, and ends it."""

    __slots__ = (
        "_multiplex",
        "congested",
        "doubtful",
        "gone",
        "idle_since",
        "keeper",
        "reused",
        "spoken",
        "transport",
        "user",
    )

    def __init__(self, multiplex: Multiplex) -> None:
        self._multiplex = multiplex
        self.spoken: str | None = None
        """What the upstream chose to speak, if it was asked and has said so (ALPN)."""
        self.doubtful = False
        """Whether it may turn out that the upstream does not speak HTTP/1.1: it did not say."""
        self.transport: asyncio.Transport | None = None
        self.user: User | None = None
        self.keeper: Keeper | None = None
        self.idle_since = 0.0
        self.reused = False
        """Whether it has carried a request before the present one."""
        self.congested = False
        """Whether it does not take what is sent."""
        self.gone = False
        """Whether it has ended. An idle connection that ends leaves its keeper at once."""

    def write(self, data: bytes) -> None:
        """Send."""
        if self.transport is not None:
            self.transport.write(data)

    def pause(self, *, paused: bool) -> None:
        """Stop or go on reading."""
        if self.transport is None or self.transport.is_closing():
            return
        if paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def finish(self, *, ended: bool) -> None:
        """Wait for the other side to close, and throw away what it still sends; nobody is told.

        `ended` tells it, behind what is still to be sent, that nothing more comes.
        """
        self.user, self.keeper = _NOBODY, None
        self.pause(paused=False)
        if ended and self.transport is not None and not self.transport.is_closing():
            try:
                self.transport.write_eof()
            except OSError:  # it has cut the connection, and we have not been told yet
                self.drop()

    def drop(self) -> None:
        """Close at once; nobody is told."""
        self.user = self.keeper = None
        self.gone = True
        if self.transport is not None:
            self.transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are ones by their methods, not by their class.
        self.transport = cast("asyncio.Transport", transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is None:
            return
        self.spoken = tls.selected_alpn_protocol()
        self.doubtful = self.spoken is None
        if self.spoken == HTTP_2:
            self.user = self._multiplex(self)  # now: its SETTINGS may be here before anybody else is told

    @override
    def data_received(self, data: bytes) -> None:
        if self.doubtful:
            if data[0] != _FIRST_OF_HTTP_1:
                self._end(clean=False)
                return
            self.doubtful = False
        user = self.user
        if user is not None:
            user.upstream_sent(data)
        else:
            self._lose()

    @override
    def eof_received(self) -> None:
        self._end(clean=True)

    @override
    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._end(clean=False)

    @override
    def pause_writing(self) -> None:
        self.congested = True
        if self.user is not None:
            self.user.upstream_congested(congested=True)

    @override
    def resume_writing(self) -> None:
        self.congested = False
        if self.user is not None:
            self.user.upstream_congested(congested=False)

    def _end(self, *, clean: bool) -> None:
        if self.gone:
            return
        self.gone = True
        user, self.user = self.user, None
        if user is not None:
            user.upstream_gone(clean=clean)
        else:
            self._lose()
        if self.transport is not None:
            self.transport.abort()

    def _lose(self) -> None:
        keeper = self.keeper
        self.drop()
        if keeper is not None:
            keeper.lost(self)
