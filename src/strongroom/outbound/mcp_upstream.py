"""The gateway's way to MCP servers: requests whose answers are streamed, on connections that are kept for a while.

Rules kept here (contract anthropic-vaults 6.7, DESIGN section 5 line 8):
- every address is judged before it is connected to; names are resolved by the dialer alone;
- connections are kept for the session that opened them and for no other, and not long: a server that tires of one first
  would answer the next request on it with nothing;
- redirects are answers; no cookies, no proxy variables; heads are bounded, and a body is read as fast as it is taken.
"""

import asyncio
import io
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from typing import final

import aiohttp

from strongroom.core.hosts import is_address
from strongroom.core.ids import SessionId
from strongroom.core.plans import Destination
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.judged import Judging
from strongroom.outbound.streamed import AS_THEY_ARE, failing, kept_session, url_of

_FORGOTTEN_SECONDS = 30.0
_BUFFER_BYTES = 64 * 1024


@final
class McpReply:
    """An answer that is still arriving. Implements `Reply` of `delivery/mcp`."""

    __slots__ = ("_connections", "_open", "_response", "_where", "fields", "status")

    def __init__(self, response: aiohttp.ClientResponse, where: str, connections: "_Connections") -> None:
        self._response = response
        self._where = where
        self._connections = connections
        self._open = True
        self.status = response.status
        self.fields = response.raw_headers

    async def piece(self) -> bytes:
        """Return what has arrived, nothing at the end. Raises `BadReply`; `TimeoutError` after long silence."""
        with failing(self._where):
            return await self._response.content.readany()

    def close(self) -> None:
        """Give it up. Where its end was reached, the connection has been given back already."""
        if self._open:
            self._open = False
            self._response.close()
            self._connections.users -= 1


@final
class McpUpstream:
    """Implements `Upstream` of `delivery/mcp` on the one dialer. `ssl_context` offers HTTP/1.1 alone."""

    def __init__(
        self,
        *,
        dialer: Dialer,
        ssl_context: ssl.SSLContext,
        connect_seconds: float,
        silence_seconds: float,
        head_bytes: int,
    ) -> None:
        self._dialer = dialer
        self._ssl_context = ssl_context
        self._head_bytes = head_bytes
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds, sock_read=silence_seconds)
        self._kept: OrderedDict[SessionId, _Connections] = OrderedDict()

    async def send(  # noqa: PLR0913 - a request has these parts
        self,
        whose: SessionId,
        destination: Destination,
        method: str,
        target: str,
        fields: Sequence[tuple[str, str]],
        body: bytes,
    ) -> McpReply:
        """Return the answer once its head is there. Raises what `Upstream` says."""
        where = destination.authority
        if is_address(destination.host):  # the client asks no resolver about it
            await self._judge(destination)
        connections = await self._connections(whose)
        connections.users += 1
        try:
            with failing(where):
                response = await connections.session.request(
                    method,
                    url_of(destination, target),
                    data=io.BytesIO(body) if body else None,
                    headers=fields,
                    skip_auto_headers=AS_THEY_ARE,
                    allow_redirects=False,
                )
        except BaseException:
            connections.users -= 1
            raise
        return McpReply(response, where, connections)

    async def close(self) -> None:
        """Close every connection."""
        while self._kept:
            await self._kept.popitem()[1].session.close()

    async def _judge(self, destination: Destination) -> None:
        """Raise `NotPermitted` for an address that may not be dialled."""
        await self._dialer.addresses(destination.host, destination.port)

    async def _connections(self, whose: SessionId) -> "_Connections":
        now = asyncio.get_running_loop().time()
        await self._forget(now)
        connections = self._kept.get(whose)
        if connections is None:
            connections = self._kept[whose] = _Connections(self._session())
        connections.used_at = now
        self._kept.move_to_end(whose)
        return connections

    async def _forget(self, now: float) -> None:
        """Forget sessions that have sent nothing for a while: none of their connections is left by then."""
        idle = [
            whose for whose, each in self._kept.items() if not each.users and now - each.used_at > _FORGOTTEN_SECONDS
        ]
        for whose in idle:
            await self._kept.pop(whose).session.close()

    def _session(self) -> aiohttp.ClientSession:
        return kept_session(
            Judging(self._dialer),
            ssl_context=self._ssl_context,
            timeout=self._timeout,
            buffer_bytes=_BUFFER_BYTES,
            head_bytes=self._head_bytes,
        )


@final
class _Connections:
    """What is kept for one session."""

    __slots__ = ("session", "used_at", "users")

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.users = 0
        self.used_at = 0.0
