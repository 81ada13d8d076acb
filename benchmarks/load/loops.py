"""Runs one job: opens its connections and keeps them busy in the way it asks, until the window closes."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from time import perf_counter_ns

from benchmarks.load.arrivals import Arrivals
from benchmarks.load.connection import Connection, connect, trusting
from benchmarks.load.http2 import Http2Connection
from benchmarks.load.job import Job, Measured
from benchmarks.load.window import Window
from benchmarks.usage import cpu_seconds

Kept = Connection | Http2Connection

AT_ONCE = 64
"""Connections that are opened at the same time."""
LOOK = 0.01
"""Seconds between looks at how many replies there were while warming up."""
PATIENCE = 120.0
"""Seconds after which a job that should be over is given up."""


async def run(job: Job) -> Measured:
    """Run the job. What goes wrong is in the answer."""
    window = Window(
        at_least=job.at_least,
        cpu=lambda: cpu_seconds(job.cpu_of) if job.cpu_of is not None else None,
        closed=asyncio.get_running_loop().create_future(),
    )
    try:
        async with asyncio.timeout(job.warm_up + job.seconds + PATIENCE), asyncio.TaskGroup() as group:
            if not job.keep_alive:
                await _reconnecting(job, window, group)
            elif job.rate is None:
                await _keeping(job, window)
            else:
                await _paced(job, window, job.rate)
    except TimeoutError:
        return Measured(failure="it did not end")
    except ExceptionGroup as several:
        return Measured(failure=repr(several.exceptions[0]))
    return window.measured()


async def _keeping(job: Job, window: Window) -> None:
    waiting = deque[Kept]()

    def replied(connection: Kept) -> None:
        window.record(perf_counter_ns() - connection.started)
        if not window.closed.done():
            waiting.append(connection)
            waiting.popleft().send()

    async with _connected(job, replied, window.fail) as connections:
        waiting.extend(connections)
        if not _warms_up(job):
            window.open()
        for _ in range(min(job.connections, len(connections))):
            waiting.popleft().send()
        await _until_closed(job, window)


async def _paced(job: Job, window: Window, rate: float) -> None:
    arrivals = Arrivals(rate, window)
    async with _connected(job, arrivals.replied, window.fail) as connections:
        if not _warms_up(job):
            window.open()
        arrivals.begin(connections)
        await _until_closed(job, window)


@asynccontextmanager
async def _connected(
    job: Job, replied: Callable[[Kept], None], failed: Callable[[str], None]
) -> AsyncIterator[list[Kept]]:
    """Open all connections of a job, some at once; close them afterwards."""
    context = trusting(job.route, "h2" if job.http2 else "http/1.1")
    seats = [(replace(job.route, tunnel_authorization=each.tunnel_authorization), each.request) for each in job.callers]
    seats = seats or [(job.route, job.request)] * job.connections
    connections = [_connection(job, request.encode(), replied, failed) for _, request in seats]
    routes = [route for route, _ in seats]
    try:
        for begin in range(0, len(seats), AT_ONCE):
            some = zip(routes[begin : begin + AT_ONCE], connections[begin : begin + AT_ONCE], strict=True)
            await asyncio.gather(*(connect(route, connection, context) for route, connection in some))
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _connection(job: Job, request: bytes, replied: Callable[[Kept], None], failed: Callable[[str], None]) -> Kept:
    if job.http2:
        return Http2Connection(request, job.reply_bytes, replied=replied, failed=failed)
    return Connection(
        request,
        job.reply_bytes,
        body_bytes=job.body_bytes,
        distinct=job.distinct,
        replied=replied,
        failed=failed,
    )


async def _reconnecting(job: Job, window: Window, group: asyncio.TaskGroup) -> None:
    context = trusting(job.route)
    if not _warms_up(job):
        window.open()
    for _ in range(job.connections):
        group.create_task(_one_after_the_other(job, window, context))
    await _until_closed(job, window)


async def _one_after_the_other(job: Job, window: Window, context: ssl.SSLContext | None) -> None:
    while not window.closed.done():
        await _one(job, window, context)


async def _one(job: Job, window: Window, context: ssl.SSLContext | None) -> None:
    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    started = perf_counter_ns()

    def replied(_: Connection) -> None:
        window.record(perf_counter_ns() - started)
        answered.set_result(None)

    connection = Connection(job.request.encode(), job.reply_bytes, replied=replied, failed=window.fail)
    try:
        await connect(job.route, connection, context)
        connection.send()
        await asyncio.wait({answered, window.closed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        connection.close()


async def _until_closed(job: Job, window: Window) -> None:
    if _warms_up(job):
        await asyncio.wait({window.closed}, timeout=job.warm_up)  # ends early only if something failed
        while not window.closed.done() and window.before < job.warm_replies:
            await asyncio.wait({window.closed}, timeout=LOOK)
        if not window.closed.done():
            window.open()
    asyncio.get_running_loop().call_later(job.seconds, window.time_is_up)
    await window.closed


def _warms_up(job: Job) -> bool:
    return bool(job.warm_up or job.warm_replies)
