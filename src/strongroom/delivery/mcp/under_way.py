"""What is under way: looked at again when what allowed it is over, and brought to an end when the server stops.

A stream can last for days. That there is a newer token does not concern it. It goes on through any other change that
leaves its session the same credential at the same server, and ends within a second of one that does not, or when that
cannot be told.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from strongroom.core.failures import Failure, TooMany
from strongroom.core.ids import CredentialId
from strongroom.delivery.mcp.exchange import Exchange
from strongroom.delivery.mcp.leash import Leash, Why
from strongroom.delivery.mcp.ports import Delivery
from strongroom.services.live import LivePlan


@final
class UnderWay:
    """The exchanges of one process."""

    def __init__(self, *, delivery: Delivery) -> None:
        self._delivery = delivery
        self._held: dict[Exchange, Leash] = {}
        self._stopping = False
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def holding(self, exchange: Exchange, leash: Leash) -> Iterator[None]:
        """Count an exchange among them while it lasts."""
        self._held[exchange] = leash
        self._empty.clear()
        if self._stopping:
            leash.pull(Why.STOPPING)
        try:
            yield
        finally:
            del self._held[exchange]
            if not self._held:
                self._empty.set()

    async def look_again(self) -> None:
        """End those that are not allowed any more."""
        for exchange, leash in list(self._held.items()):
            plan = exchange.plan
            if plan is None or not plan.revoked or leash.why is not None:
                continue
            try:
                present = await self._delivery.plan(exchange.live, plan.destination)
            except TooMany:
                continue  # asked too often; the next time will do
            except Failure:
                leash.pull(Why.NOT_ALLOWED_ANY_MORE)
                continue
            if _credential(plan, exchange.placed_at) in {None, _credential(present, exchange.placed_at)}:
                exchange.plan = present
            else:
                leash.pull(Why.NOT_ALLOWED_ANY_MORE)

    async def stop(self, grace: float) -> None:
        """End those that only listen, give the others time to finish, and end the rest."""
        self._stopping = True
        self._pull(only_listening=True)
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            self._pull(only_listening=False)
            await self._empty.wait()

    def _pull(self, *, only_listening: bool) -> None:
        for exchange, leash in list(self._held.items()):
            if exchange.listens or not only_listening:
                leash.pull(Why.STOPPING)


def _credential(plan: LivePlan, target: str) -> CredentialId | None:
    return next((placed.credential for placed in plan.plan.placements if placed.target == target), None)
