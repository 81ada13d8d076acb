"""The egress proxy as one thing to start and to stop."""

import asyncio
import socket
from typing import final

from strongroom.core.sources import Entropy, Spawn
from strongroom.delivery.egress.client import ClientConnection
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.limits import STANDARD, Limits
from strongroom.delivery.egress.ports import Authority, Delivery, Dialer
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.turns import Turns

BACKLOG = 2048
SWEEP_SECONDS = 0.5
"""How often silent connections are looked for; no time limit is finer than this."""


@final
class EgressProxy:
    """Accepts clients on a bound socket until told to stop."""

    def __init__(  # noqa: PLR0913 - one argument per thing it works with
        self,
        *,
        delivery: Delivery,
        authority: Authority,
        dialer: Dialer,
        counters: Counters,
        entropy: Entropy,
        spawn: Spawn,
        limits: Limits = STANDARD,
    ) -> None:
        self._delivery = delivery
        self._authority = authority
        self._dialer = dialer
        self._counters = counters
        self._entropy = entropy
        self._spawn = spawn
        self._limits = limits
        self._around: Surroundings | None = None
        self._server: asyncio.Server | Turns | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._swept = 0.0
        self._empty = asyncio.Event()

    async def start(self, bound: socket.socket, *, shared: bool = False) -> None:
        """Accept connections on a socket that is bound already; if it is `shared`, by turns with other processes."""
        loop = asyncio.get_running_loop()
        around = Surroundings(
            delivery=self._delivery,
            authority=self._authority,
            dialer=self._dialer,
            counters=self._counters,
            entropy=self._entropy,
            limits=self._limits,
            spawn=self._spawn,
            loop=loop,
            departed=self._departed,
        )
        self._around = around

        def protocol() -> ClientConnection:
            return ClientConnection(around)

        if shared:
            self._server = Turns(bound=bound, loop=loop, spawn=self._spawn, protocol=protocol)
        else:
            self._server = await loop.create_server(protocol, sock=bound, backlog=BACKLOG)
        self._swept = loop.time()
        self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep, around)

    async def stop(self, grace: float) -> None:
        """Accept nothing more, let what is under way finish within the grace, and cut the rest."""
        around, server = self._around, self._server
        if around is None or server is None:
            return
        server.close()
        for client in list(around.clients):
            client.finish()
        self._departed()
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            for client in list(around.clients):
                client.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
        around.pool.close()
        await server.wait_closed()
        self._around = self._server = None

    def _departed(self) -> None:
        """Notice when the last client has gone after `stop`."""
        if self._around is not None and not self._around.clients:
            self._empty.set()
        else:
            self._empty.clear()

    def _sweep(self, around: Surroundings) -> None:
        now = around.loop.time()
        for client in list(around.clients):
            client.check_time(now)
        around.pool.sweep(now)
        around.shares.refill(now - self._swept)
        self._swept = now
        self._sweeper = around.loop.call_later(SWEEP_SECONDS, self._sweep, around)
