"""What the load generator is asked, and what it answers: one JSON line each."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a request reaches its upstream: TCP to `host` and `port`, then perhaps CONNECT, then perhaps TLS."""

    host: str
    port: int
    tunnel: str | None = None
    """The authority to CONNECT to."""
    tunnel_authorization: str | None = None
    """What Proxy-Authorization says on CONNECT."""
    tls_name: str | None = None
    """The name that the certificate must have; without it, no TLS."""
    ca_file: str | None = None
    """The only roots that are trusted."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One of several who call by the same route: what it shows the proxy, and what it asks."""

    tunnel_authorization: str
    request: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A closed loop: each connection sends the request again as soon as its reply is whole.

    The measured window opens after `warm_up` seconds and `warm_replies` replies, and closes once `seconds` have passed
    and `at_least` replies were counted. A reply other than 200 with `reply_bytes` of body ends the job.
    """

    route: Route
    request: str
    reply_bytes: int
    connections: int
    seconds: float
    warm_up: float = 0.0
    warm_replies: int = 0
    """How many replies there must have been besides before the window opens: what is cold at first is not measured."""
    at_least: int = 1
    keep_alive: bool = True
    """False: a new connection, tunnel and handshake for each request, all of it within its latency."""
    body_bytes: int = 0
    """How long the body is that follows the request's head."""
    distinct: bool = False
    """Give each request a field whose value no other request has; needs HTTP/1.1."""
    callers: tuple[Caller, ...] = ()
    """With them each has a connection of its own, and they take turns so that `connections` requests are under way."""
    http2: bool = False
    """Speak HTTP/2 inside TLS, one request at a time on each connection; needs `keep_alive` and no body."""
    rate: float | None = None
    """Send so many requests a second, whether or not earlier ones were answered; needs `keep_alive`."""
    cpu_of: int | None = None
    """The process whose CPU time, children included, is read where the window opens and closes."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one job found. `failure` says what went wrong; then the figures mean nothing."""

    requests: int = 0
    seconds: float = 0.0
    p50_us: int = 0
    p99_us: int = 0
    cpu_seconds: float | None = None
    failure: str | None = None
