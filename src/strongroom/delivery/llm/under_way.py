"""What is under way: ended within a second when its gateway key is, and brought to an end when the server stops.

A stream goes on through any change but that one: it ends on the secret and the route that it began with.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import final

from strongroom.core.failures import Failure
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.delivery.mcp.leash import Leash, Why
from strongroom.services.llm_routing import Refused

Key = Callable[[bytes], Awaitable[GatewayKey | Refused]]
"""Returns the key with a digest, from memory where nothing has changed."""


@final
class UnderWay:
    """The requests of one process."""

    def __init__(self, *, key: Key, seconds: float) -> None:
        self._key = key
        self._seconds = seconds
        self._held: dict[Leash, bytes] = {}
        self._stopping = False
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def holding(self, leash: Leash, digest: bytes) -> Iterator[None]:
        """Count a request among them while it lasts."""
        self._held[leash] = digest
        self._empty.clear()
        if self._stopping:
            leash.pull(Why.STOPPING)
        try:
            yield
        finally:
            del self._held[leash]
            if not self._held:
                self._empty.set()

    async def watch(self) -> None:
        """Look at the keys again and again; runs as long as the process."""
        while True:
            await asyncio.sleep(self._seconds)
            ended = {digest for digest in set(self._held.values()) if not await self._is_good(digest)}
            if ended:
                for leash, digest in list(self._held.items()):
                    if digest in ended:
                        leash.pull(Why.SESSION_OVER)

    async def stop(self, grace: float) -> None:
        """Give them time to finish, and end the rest."""
        self._stopping = True
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            for leash in list(self._held):
                leash.pull(Why.STOPPING)
            await self._empty.wait()

    async def _is_good(self, digest: bytes) -> bool:
        try:
            return not isinstance(await self._key(digest), Refused)
        except Failure:
            return False  # what cannot be told is not allowed
