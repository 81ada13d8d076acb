"""Accepting on a socket that other processes accept on as well: one connection, then it is somebody else's turn.

A process that takes all that is waiting whenever it wakes leaves nothing to the others: a burst of
connections, which agents keep open for long, would all be one process's (docs/adr/0005 has figures).
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import final

from strongroom.core.sources import Spawn

TURN = 0.001
"""Seconds that others have for the next connection: the shortest that an event loop can wait."""
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
ROOM_AGAIN = 1.0
"""Seconds until a process that could not accept for want of descriptors or memory tries again."""

_log = logging.getLogger(__name__)


@final
class Turns:
    """Accepts on a bound socket that is shared, from the start until `close`."""

    def __init__(
        self,
        *,
        bound: socket.socket,
        loop: asyncio.AbstractEventLoop,
        spawn: Spawn,
        protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        self._bound = bound
        self._loop = loop
        self._spawn = spawn
        self._protocol = protocol
        self._pause: asyncio.TimerHandle | None = None
        self._taking: asyncio.Task[None] | None = None
        bound.setblocking(False)  # noqa: FBT003 - the standard library names no keyword
        self._wait()

    def close(self) -> None:
        """Accept nothing more, and let the socket go."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._bound)
        self._bound.close()

    async def wait_closed(self) -> None:
        """Return; there is nothing to wait for."""

    def _wait(self) -> None:
        self._pause = None
        self._loop.add_reader(self._bound, self._accept)

    def _accept(self) -> None:
        pause = TURN
        try:
            accepted, _ = self._bound.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another was faster
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            _log.error("a connection cannot be accepted (%s): raise this user's limit of open files", error.strerror)
            pause = ROOM_AGAIN
        else:
            self._taking = self._spawn(self._take(accepted), "take a connection")
        self._loop.remove_reader(self._bound)
        self._pause = self._loop.call_later(pause, self._wait)

    async def _take(self, accepted: socket.socket) -> None:
        try:
            accepted.setblocking(False)  # noqa: FBT003 - as above
            await self._loop.connect_accepted_socket(self._protocol, accepted)
        except OSError:
            accepted.close()  # it is gone already
