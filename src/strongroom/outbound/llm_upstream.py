"""The LLM gateway's way to vendors of models: requests whose answers are streamed, on connections that are kept.

Rules kept here (contract barndoor-credentials 4.3, 4.5, 4.9; DESIGN section 5 line 8):
- every address is judged before it is connected to; names are resolved by the dialer alone, and plain http goes to
  ranges that the operator listed and nowhere else;
- connections are kept for one secret at one vendor and for nothing else, so no tenant's request is ever sent where
  another's secret opened the way; there are only so many such pools, and those that rest are closed first;
- redirects are answers; nothing is sent a second time; no cookies, no proxy variables; heads are bounded;
- a body is read as fast as it is taken, and not decoded.
"""

import asyncio
import io
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import final

import aiohttp

from strongroom.core.hosts import is_address
from strongroom.core.plans import Destination
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.judged import Judging
from strongroom.outbound.streamed import AS_THEY_ARE, failing, kept_session, url_of

MAX_POOLS = 1000
_SWEEP_SECONDS = 5.0
_FORGOTTEN_SECONDS = 30.0
_BUFFER_BYTES = 16 * 1024
"""The library holds up to twice this much before it stops reading."""
_AT_ONCE = 512 * 1024
"""Bodies up to here are handed to the socket as they are, longer ones in pieces."""

_url = lru_cache(maxsize=1024)(url_of)


@final
class LlmReply:
    """An answer that is still arriving. Implements `Reply` of `delivery/llm`."""

    __slots__ = ("_content", "_open", "_pool", "_response", "_where", "fields", "status")

    def __init__(self, response: aiohttp.ClientResponse, where: str, pool: "_Pool") -> None:
        self._response = response
        self._content = response.content
        self._where = where
        self._pool = pool
        self._open = True
        self.status = response.status
        self.fields = response.raw_headers

    @property
    def ended(self) -> bool:
        """Whether all of it was read."""
        return self._content.at_eof()

    async def piece(self) -> bytes:
        """Return what has arrived, nothing at the end. Raises `BadReply`."""
        with failing(self._where):
            return await self._content.readany()

    def close(self) -> None:
        """Give it up. Where its end was reached, the connection has been given back already."""
        if self._open:
            self._open = False
            self._response.close()
            self._pool.users -= 1


@final
class LlmUpstream:
    """Implements `Upstream` of `delivery/llm` on the one dialer. `ssl_context` offers HTTP/1.1 alone."""

    def __init__(  # noqa: PLR0913 - what it dials with, and how much it keeps
        self,
        *,
        dialer: Dialer,
        guard: AddressGuard,
        ssl_context: ssl.SSLContext,
        connect_seconds: float,
        head_bytes: int,
        most_pools: int = MAX_POOLS,
    ) -> None:
        self._most_pools = most_pools
        self._judging = {"https": Judging(dialer), "http": Judging(dialer, listed=guard)}
        self._ssl_context = ssl_context
        self._head_bytes = head_bytes
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds)
        self._pools: OrderedDict[tuple[str, str], _Pool] = OrderedDict()
        self._sweep_at = 0.0

    async def send(  # noqa: PLR0913 - a request has these parts
        self,
        whose: str,
        destination: Destination,
        method: str,
        target: str,
        fields: Sequence[tuple[str, str]],
        body: bytes,
    ) -> LlmReply:
        """Return the answer once its head is there. Raises what `Upstream` says."""
        where = destination.authority
        pool = await self._pool(whose, destination.scheme)
        pool.users += 1
        try:
            await self._judge(pool, destination)
            with failing(where):
                response = await pool.session.request(
                    method,
                    _url(destination, target),
                    data=body if len(body) <= _AT_ONCE else io.BytesIO(body),
                    headers=fields,
                    skip_auto_headers=AS_THEY_ARE,
                    allow_redirects=False,
                )
        except BaseException:
            pool.users -= 1
            raise
        return LlmReply(response, where, pool)

    async def close(self) -> None:
        """Close every connection."""
        while self._pools:
            await self._pools.popitem()[1].session.close()

    async def _judge(self, pool: "_Pool", destination: Destination) -> None:
        """Raise for an address that may not be dialled: where it stands in the URL, the client asks no resolver."""
        if is_address(destination.host) and destination not in pool.judged:
            await self._judging[destination.scheme].addresses(destination.host, destination.port)
            pool.judged.add(destination)

    async def _pool(self, whose: str, scheme: str) -> "_Pool":
        now = asyncio.get_running_loop().time()
        if now >= self._sweep_at or len(self._pools) >= self._most_pools:
            await self._forget(now)
        pool = self._pools.get((whose, scheme))
        if pool is None:
            pool = self._pools[whose, scheme] = _Pool(self._session(self._judging[scheme]))
        pool.used_at = now
        self._pools.move_to_end((whose, scheme))
        return pool

    async def _forget(self, now: float) -> None:
        """Close pools that nobody uses: those that rested long, and the longest resting of too many."""
        self._sweep_at = now + _SWEEP_SECONDS
        over = len(self._pools) - self._most_pools + 1
        resting = [key for key, each in self._pools.items() if not each.users]  # the longest resting first
        gone = [
            key for at, key in enumerate(resting) if at < over or now - self._pools[key].used_at > _FORGOTTEN_SECONDS
        ]
        for session in [self._pools.pop(key).session for key in gone]:
            await session.close()

    def _session(self, judging: Judging) -> aiohttp.ClientSession:
        return kept_session(
            judging,
            ssl_context=self._ssl_context,
            timeout=self._timeout,
            buffer_bytes=_BUFFER_BYTES,
            head_bytes=self._head_bytes,
        )


@final
class _Pool:
    """What is kept for one secret."""

    __slots__ = ("judged", "session", "used_at", "users")

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.users = 0
        self.used_at = 0.0
        self.judged: set[Destination] = set()
