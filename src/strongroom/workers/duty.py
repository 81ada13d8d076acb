"""What a worker does: builds its proxy, serves, answers its server, and ends when told to or when left alone.

Rules kept here:
- without a server there is no worker: when the channel closes the process ends at once, and its
  connections with it; the counts of the last second are lost, as in any crash;
- a part that revocation depends on has failed: nothing more is served, and the worker ends.
"""

import asyncio
import logging
import os
import signal
import socket
import traceback
from collections.abc import Callable
from typing import final

from strongroom import logs
from strongroom.assembly.egress import worker
from strongroom.assembly.site import Site
from strongroom.core.failures import NotReady, Unable
from strongroom.edge import Edge
from strongroom.workers.channel import Channel
from strongroom.workers.counts import written
from strongroom.workers.handover import Handover

GRACE = 5.0
"""Seconds that running requests have to finish, unless the server says how many."""
FAILED, LEFT = 1, 3
"""Exit codes: it could not go on, and has said why; its server was gone."""

_log = logging.getLogger(__name__)


def alone() -> None:
    """End the process as it is: who was to watch it is gone."""
    os._exit(LEFT)


async def serve(
    control: socket.socket,
    bound: socket.socket,
    *,
    orphaned: Callable[[], None] = alone,
    settled: Callable[[], None] = lambda: None,
) -> int:
    """Do a worker's duty, and say when all is `settled`. Returns the exit code."""
    channel = await Channel.over(control)
    first = await channel.hear()
    if first is None:
        orphaned()
        return LEFT
    handover = Handover.read(first)
    logs.configure(handover.settings.log_level, worker=handover.number)
    orders = _Orders(channel, orphaned)
    try:
        await _serve(handover, bound, channel, orders, settled)
    except Unable as failure:
        channel.say(failed=str(failure))
        return FAILED
    except Exception as crash:  # noqa: BLE001 - said without the error's own words, which may quote what it worked on
        where = "".join(traceback.format_tb(crash.__traceback__))
        _log.error("worker %d crashed with %s\n%s", handover.number, type(crash).__name__, where)
        channel.say(failed=f"a mistake in Strongroom itself ({type(crash).__name__}): see the log")
        return FAILED
    finally:
        orders.close()
        await channel.close()
    return 0


async def _serve(
    handover: Handover, bound: socket.socket, channel: Channel, orders: "_Orders", settled: Callable[[], None]
) -> None:
    async with worker(Site.of(handover.settings, Edge(), handover.doors)) as built:
        await built.start(bound)
        settled()
        orders.count = lambda: channel.say(counts=written(built))
        channel.say(serving=True, counts=written(built))
        stopped = asyncio.get_running_loop().create_task(orders.stop.wait())
        broken = asyncio.get_running_loop().create_task(built.broken.wait())
        await asyncio.wait({stopped, broken}, return_when=asyncio.FIRST_COMPLETED)
        failed = built.broken.is_set()
        await built.stop(0 if failed else orders.grace)
        for end in (stopped, broken):
            end.cancel()
        channel.say(counts=written(built))
        if failed:
            raise NotReady(built.failure)


@final
class _Orders:
    """What the server says, and what a signal says in its place."""

    def __init__(self, channel: Channel, orphaned: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        self.grace = GRACE
        self.count: Callable[[], None] = lambda: None
        self._channel = channel
        self._orphaned = orphaned
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # typed at the server's terminal: the server decides
        self._listening = loop.create_task(self._listen())

    def close(self) -> None:
        """Listen no more: the worker ends by itself."""
        self._listening.cancel()

    async def _listen(self) -> None:
        while (words := await self._channel.hear()) is not None:
            if "count" in words:
                self.count()
            if "stop" in words:
                self.grace = words["stop"]
                self.stop.set()
        self._orphaned()
