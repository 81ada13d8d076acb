"""What is asked of every contestant: which request, over how many connections, for how long."""

from dataclasses import dataclass, replace
from typing import final

from benchmarks.upstream import JSON_BYTES

MEGABYTE = 1_000_000
STREAM_BYTES = 100 * MEGABYTE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How thorough a run is."""

    rounds: int
    seconds: float
    warm_up: float
    credentials: int
    """How many the full server of the flatness rows stores."""
    many_credentials: int
    """How many the fullest one does."""
    sessions: int
    """How many are live, and take turns, in the row about many sessions."""


USUAL = Pace(rounds=5, seconds=2.0, warm_up=0.5, credentials=1000, many_credentials=10_000, sessions=1000)
QUICK = Pace(rounds=1, seconds=0.5, warm_up=0.2, credentials=40, many_credentials=100, sessions=40)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of load. Without `seconds` of its own it takes those of the pace."""

    key: str
    title: str
    path: str
    reply_bytes: int
    connections: int
    keep_alive: bool = True
    rate: float | None = None
    """Send at this steady rate instead of as fast as replies come."""
    body_bytes: int = 0
    """How long a body is sent with each request."""
    distinct: bool = False
    """Whether each request has a field whose value no other has."""
    http2: bool = False
    """Whether the client speaks HTTP/2, one request at a time on each connection."""
    crowded: bool = False
    """Whether CPU time is measured beside a busy core: for those who would leave it idle more than others do."""
    warm_replies: int = 0
    """How many replies there must be before anything is measured."""
    replies: int | None = None
    """Measure so many replies from the first one on, however long they take, instead of a time."""


def keep_alive(connections: int) -> Scenario:
    """Return the plainest load: 1 KiB of JSON, over connections that stay open."""
    return Scenario(
        key=f"keep-alive-{connections}",
        title=f"{connections} connection{'s' if connections > 1 else ''}",
        path="/json",
        reply_bytes=JSON_BYTES,
        connections=connections,
        crowded=True,
    )


KEEP_ALIVE = (keep_alive(1), keep_alive(16), keep_alive(64))
DISTINCT = replace(
    keep_alive(64), key="distinct-64", title="64 connections, a field of its own in each request", distinct=True
)
FLATNESS = keep_alive(16)
NEW_TUNNEL = Scenario(
    key="new-tunnel-8",
    title="8 connections, a new tunnel for each request",
    path="/json",
    reply_bytes=JSON_BYTES,
    connections=8,
    keep_alive=False,
    crowded=True,
)
STREAM = Scenario(
    key="stream-100-mb",
    title="1 connection, 100 MB in a reply",
    path=f"/stream/{STREAM_BYTES}",
    reply_bytes=STREAM_BYTES,
    connections=1,
    replies=3,
)


UPLOAD = Scenario(
    key="upload-100-mb",
    title="1 connection, 100 MB in a request",
    path="/upload",
    reply_bytes=JSON_BYTES,
    body_bytes=STREAM_BYTES,
    connections=1,
    replies=3,
)


HTTP2 = replace(keep_alive(16), key="http2-16", title="16 connections of HTTP/2", http2=True)
WORKERS = tuple(replace(each, crowded=False) for each in (keep_alive(16), keep_alive(64)))  # they have all cores


def half_load(most: float) -> Scenario:
    """Return the load under which latency is judged: half of what Strongroom can do at 16 connections."""
    rate = max(1, round(most / 2))
    title = f"16 connections, {rate:,} requests/s arrive"
    return replace(keep_alive(16), key="half-load-16", title=title, rate=rate, crowded=False)


def many_sessions(sessions: int) -> Scenario:
    """Return the load of many sessions that take turns, 64 requests under way, once each of them is warm."""
    title = f"64 requests under way, {sessions:,} sessions in turns"
    return replace(keep_alive(64), key="sessions-64", title=title, warm_replies=3 * sessions)


def api_list(path: str, reply_bytes: int) -> Scenario:
    """Return the load on the API: a page of 20 credentials, whose size one request found out."""
    return Scenario(
        key="api-list-20",
        title="API, 8 connections: a list of 20 credentials",
        path=path,
        reply_bytes=reply_bytes,
        connections=8,
    )
