"""Every bound of the egress proxy, by name. `docs/limits.md` says how each is set, and what meets it."""

from dataclasses import dataclass
from typing import final

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    head_bytes: int = 64 * KIB
    """The longest request or reply head (DESIGN section 5, line 9)."""

    request_bytes: int = 64 * GIB
    """The longest request body."""

    gathered_request_bytes: int = MIB
    """Request bodies up to here are gathered where a substitution may change their length, and go out with the new
    Content-Length; longer ones are sent in chunks, which some upstreams refuse."""

    signed_request_bytes: int = 16 * MIB
    """Request bodies up to here are gathered where an AWS signature covers them and only their hash can tell if it is
    right: services other than S3, whose own limits are lower than this."""

    session_gathered_bytes: int = 64 * MIB
    """What one session may have gathered at one time, in all its connections."""

    grown_bytes: int = 2 * MIB
    """How much longer a request body may become by what is put in."""

    gathered_reply_bytes: int = 64 * KIB
    """Scrubbed replies of a known length up to here are gathered, so that they keep a Content-Length."""

    backlog_bytes: int = 256 * KIB
    """What a client may send ahead of its turn (requests, a body while we still connect) before we stop reading."""

    head_seconds: float = 30.0
    """From the first sign of a client (connection, tunnel, first byte of a head) to the end of its head."""

    idle_seconds: float = 120.0
    """How long a client connection may rest between two requests."""

    connect_seconds: float = 10.0
    """Name look-up, connection and TLS handshake with an upstream, together."""

    read_seconds: float = 300.0
    """The longest silence inside a request or a reply."""

    request_seconds: float = 600.0
    """How long a request body may take at any rate; after that it must have come at `request_rate` on average."""

    request_rate: float = 1024.0
    """Bytes in a second."""

    exchange_seconds: float = 24 * 3600.0
    """How long one exchange may take in all; streams and WebSockets too."""

    linger_seconds: float = 2.0
    """How long what a refused client still sends is read and thrown away, so that it can read its answer; the same for
    an upstream at the end of a WebSocket."""

    upstream_idle_seconds: float = 30.0
    """How long an upstream connection is kept for the next request."""

    upstream_idle_connections: int = 64
    """Idle upstream connections kept for one session and destination."""

    upstream_shared_connections: int = 16
    """HTTP/2 connections of one session to one destination; each carries many requests at one time."""

    connections: int = 10_000
    """Client connections at one time; more are closed at once."""

    session_connections: int = 1_000
    """Client connections of one session at one time."""

    session_concurrent_requests: int = 2_000
    session_requests_per_second: int = 100_000
    session_bytes_per_minute: int = 100 * GIB
    """What goes through for one session, both directions together."""

    key_connections: int = 10_000
    """The same for all sessions together that were opened with one API key, each limit in turn."""
    key_concurrent_requests: int = 20_000
    key_requests_per_second: int = 1_000_000
    key_bytes_per_minute: int = 1_000 * GIB

    streams: int = 100
    """Requests under way at one time on one HTTP/2 connection, of a client or to an upstream."""


STANDARD = Limits()
