"""The gateway as an ASGI application: who is calling, which server is meant, and what is under way.

A request passes in this order: Host and Origin, URL, method, token, limits, server, body, and then its exchange. While
that lasts, its client's going, its session's end, a change of what the session may do, and the server's stop end it.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import final

from starlette.types import Receive, Scope, Send

from strongroom.core.failures import Failure, NotAuthenticated, TooMany
from strongroom.core.mcp_servers import Served, find
from strongroom.core.secret import Secret
from strongroom.core.sources import Spawn
from strongroom.delivery.egress.refusals import Code as EgressCode
from strongroom.delivery.egress.shares import Share, Shares
from strongroom.delivery.mcp.client import Client, Gone
from strongroom.delivery.mcp.counters import Counters
from strongroom.delivery.mcp.endpoints import Endpoints
from strongroom.delivery.mcp.exchange import Asked, Exchange, Surroundings
from strongroom.delivery.mcp.fields import no_encoding, one
from strongroom.delivery.mcp.leash import Ended, Leash, Why
from strongroom.delivery.mcp.limits import Limits
from strongroom.delivery.mcp.origins import Doorplate
from strongroom.delivery.mcp.places import Place
from strongroom.delivery.mcp.ports import Delivery, Screening, Upstream, unscreened
from strongroom.delivery.mcp.refusals import Code, Turned, no_token, turned
from strongroom.delivery.mcp.room import Room
from strongroom.delivery.mcp.under_way import UnderWay
from strongroom.services.live import LiveSession

_log = logging.getLogger(__name__)
_METHODS = frozenset({"GET", "POST", "DELETE"})


@final
class Gateway:
    """One for a server. `insecure` admits servers on plain http; `screening` looks into messages."""

    def __init__(  # noqa: PLR0913 - one argument per thing it works with
        self,
        *,
        delivery: Delivery,
        upstream: Upstream,
        doorplate: Doorplate,
        endpoints: Endpoints,
        counters: Counters,
        spawn: Spawn,
        limits: Limits,
        insecure: bool = False,
        screening: Screening = unscreened,
    ) -> None:
        self._delivery = delivery
        self._around = Surroundings(
            delivery=delivery, upstream=upstream, endpoints=endpoints, counters=counters, limits=limits
        )
        self._doorplate = doorplate
        self._counters = counters
        self._spawn = spawn
        self._limits = limits
        self._insecure = insecure
        self._screening = screening
        most = min(limits.session_exchanges, limits.egress.session_concurrent_requests)
        self._shares = Shares(limits=replace(limits.egress, session_concurrent_requests=most))
        self._under_way = UnderWay(delivery=delivery)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = Client(scope, receive, send, stall_seconds=self._limits.egress.read_seconds)
        try:
            await self._answer(scope, client)
        except Turned as refusal:
            self._counters.refused[refusal.code] += 1
            await client.refuse(refusal)
        except Gone:
            await client.cut()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            self._counters.crashes += 1
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a request to an MCP server was given up because of %s\n%s", type(error).__name__, where)
            await client.refuse(Turned(EgressCode.UNAVAILABLE, "the gateway failed; try again later"))

    async def watch(self) -> None:
        """Follow time and change for what is under way; runs as long as the process."""
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(self._limits.watch_seconds)
            now = loop.time()
            self._shares.refill(now - before)
            before = now
            await self._under_way.look_again()

    async def stop(self, grace: float) -> None:
        """End streams that only listen, let what is under way finish within the grace, and cut the rest."""
        await self._under_way.stop(grace)

    async def _answer(self, scope: Scope, client: Client) -> None:
        reached_at = (scope.get("server") or (None,))[0]
        self._doorplate.check(client.all(b"host"), client.all(b"origin"), reached_at=reached_at)
        place = Place.read(scope["path"], scope["query_string"])
        if scope["method"] not in _METHODS:
            raise Turned(Code.METHOD_NOT_ALLOWED, "an MCP server takes GET, POST and DELETE")
        live = await self._entered(client, place)
        host = ""
        try:
            async with self._counted(live) as share:
                server = await self._server(live, place)
                host = server.destination.host
                asked = self._asked(live, server, scope["method"], place)
                await self._exchange(asked, client, share)
        except Turned as refusal:
            live.turned_away(refusal.code, host)
            raise

    async def _entered(self, client: Client, place: Place) -> LiveSession:
        scheme, _, token = one(client.fields, b"authorization").partition(b" ")
        if scheme.lower() != b"bearer" or not token.isascii() or not token.strip():
            raise no_token()
        try:
            live = await self._delivery.enter(Secret(token.strip().decode()))
        except Failure as failure:
            raise turned(failure) from None
        if live.session.id != place.session:
            raise Turned(Code.SERVER_NOT_FOUND, "the URL is of another session than the token")
        return live

    @asynccontextmanager
    async def _counted(self, live: LiveSession) -> AsyncIterator[Share]:
        """Count a request of the session while it lasts. Raises a refusal if it is one too many."""
        if self._counters.open >= self._limits.exchanges:
            most = self._limits.exchanges
            sentence = f"the gateway has {most} requests under way, which is the most it takes"
            raise Turned(EgressCode.TOO_MANY, sentence, retry_after=1)
        try:
            self._shares.join(live)
        except TooMany as failure:
            raise turned(failure) from None
        share = self._shares.of(live)
        self._counters.open += 1
        try:
            share.begin()
            try:
                yield share
            finally:
                share.end()
        except TooMany as failure:
            raise turned(failure) from None
        finally:
            self._counters.open -= 1
            self._shares.leave(live)

    async def _server(self, live: LiveSession, place: Place) -> Served:
        try:
            server = find(await self._delivery.servers(live), place.server)
        except Failure as failure:
            raise turned(failure) from None
        if server is None:
            sentence = "the session has no MCP server of that name: see `strongroom session show`"
            raise Turned(Code.SERVER_NOT_FOUND, sentence)
        if server.address.scheme != "https" and not self._insecure:
            raise Turned(Code.INSECURE, "the MCP server is on plain http, which this deployment does not use")
        return server

    def _asked(self, live: LiveSession, server: Served, method: str, place: Place) -> Asked:
        target = server.address.request_target
        if place.endpoint is not None:
            if method != "POST":
                raise Turned(Code.METHOD_NOT_ALLOWED, "messages of the older transport are posted")
            target = self._around.endpoints.target(live.session.id, server, place.endpoint)
        return Asked(live=live, server=server, method=method, target=target)

    async def _exchange(self, asked: Asked, client: Client, share: Share) -> None:
        room = Room(share)
        try:
            no_encoding(client.fields)
            body = await client.body(self._limits.request_bytes if asked.method == "POST" else 0, room)
            exchange = Exchange(
                asked,
                body,
                client=client,
                share=share,
                room=room,
                screen=self._screening(asked.live.session, asked.server),
                around=self._around,
            )
            del body  # the exchange lets go of it when it is not needed any more
            await self._held(exchange, client)
        finally:
            room.give_back()

    async def _held(self, exchange: Exchange, client: Client) -> None:
        """Run an exchange until it is done, or somebody ends it."""
        leash = Leash()
        listening = self._spawn(_listen(client, leash), "notice when the client of an MCP server goes")
        over = partial(leash.pull, Why.SESSION_OVER)
        exchange.live.watch(over)
        try:
            with self._under_way.holding(exchange, leash):
                async with leash.held():
                    await exchange.run()
        except Ended as ended:
            if ended.why is not Why.CLIENT_GONE:
                if not (client.started and exchange.streams):
                    raise _because(ended.why) from None
                await client.leave()
        finally:
            exchange.live.unwatch(over)
            listening.cancel()


async def _listen(client: Client, leash: Leash) -> None:
    await client.until_gone()
    leash.pull(Why.CLIENT_GONE)


def _because(why: Why) -> Turned:
    match why:
        case Why.SESSION_OVER:
            return turned(NotAuthenticated(presented=True))
        case Why.STOPPING:
            return Turned(EgressCode.UNAVAILABLE, "the server is stopping; try again")
        case _:
            return Turned(EgressCode.HOST_NOT_ALLOWED, "the session may not speak to the MCP server any more")
