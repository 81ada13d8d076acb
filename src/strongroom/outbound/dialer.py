"""Opens connections: resolves a name once, judges the answers, and dials an address that passed.

The name is never looked up again between check and connection, so an answer that changes in
between (DNS rebinding) changes nothing.
"""

import asyncio
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast, final

from strongroom.core.failures import NotPermitted, OtherProtocol, Unreachable
from strongroom.core.hosts import Host, Pin, is_address
from strongroom.core.plans import Destination
from strongroom.crypto.tls_channel import TlsChannel
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.tls_transport import TlsTransport

P = TypeVar("P", bound=asyncio.Protocol)

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Looks a name up; raises `OSError` if it has no address."""

CACHED_SECONDS = 30.0
"""How long an answer is reused: a warm request costs no look-up, a moved service is found within this time."""
CACHED_NAMES = 1024
HTTP_1 = ("http/1.1",)
_NONE_OF_THESE = "alert no application protocol"  # RFC 7301 3.2, in OpenSSL's words; not every Python has a name for it


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]


@final
class Dialer:
    """The one way out. `resolve_pins` name addresses that take the place of a look-up; the guard judges them too."""

    def __init__(  # noqa: PLR0913 - what it dials with, and two doubles' doors for tests
        self,
        *,
        guard: AddressGuard,
        ssl_contexts: Mapping[tuple[str, ...], ssl.SSLContext],
        resolve_pins: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        resolve: Resolve = resolve,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._ssl_contexts = ssl_contexts
        self._pins = {host: Pin.parse(text) for host, text in (resolve_pins or {}).items()}
        self._timeout = timeout
        self._resolve = resolve
        self._monotonic = monotonic
        self._cache: OrderedDict[Host, tuple[float, tuple[str, ...]]] = OrderedDict()

    async def addresses(self, host: Host, port: int) -> tuple[str, ...]:
        """Return the addresses of a host that may be dialled, in the resolver's order.

        Raises `Unreachable` if there are none, and `NotPermitted` if the guard refuses all of them.
        """
        port = self.port(host, port)
        allowed: list[str] = []
        refusal: NotPermitted | None = None
        for address in await self._all_addresses(host, port):
            try:
                self._guard.check(host, address, port)
            except NotPermitted as refused:
                refusal = refusal or refused
            else:
                allowed.append(address)
        if not allowed:
            raise refusal or Unreachable(f"{host} has no address")
        return tuple(allowed)

    def port(self, host: Host, port: int) -> int:
        """Return the port that is dialled when a host is asked for at one: a pin may name another."""
        pinned = self._pins.get(host)
        return port if pinned is None or pinned.port is None else pinned.port

    async def connect(
        self, destination: Destination, protocol_factory: Callable[[], P], offer: tuple[str, ...] = HTTP_1
    ) -> tuple[asyncio.Transport, P]:
        """Connect, with TLS where the scheme says so. Raises `Unreachable`, `OtherProtocol` and `NotPermitted`.

        The addresses are tried in turn; all of it takes at most the time that the dialer was given. The `offer` is
        what may be spoken inside TLS; an upstream that looks at it and speaks none of it refuses.
        """
        host = destination.host
        try:
            async with asyncio.timeout(self._timeout) as limit:
                found = await self.addresses(host, destination.port)
                deadline = limit.when() or 0.0
                for position, address in enumerate(found):
                    connection = await self._try(
                        destination, address, protocol_factory, offer, deadline, len(found) - position
                    )
                    if connection is not None:
                        return connection
        except TimeoutError:
            raise Unreachable(f"{destination.authority} did not answer in {self._timeout:g} seconds") from None
        raise Unreachable(f"{destination.authority} refused the connection")

    async def _try(  # noqa: PLR0913 - whom, how and how long
        self,
        destination: Destination,
        address: str,
        factory: Callable[[], P],
        offer: tuple[str, ...],
        deadline: float,
        left: int,
    ) -> tuple[asyncio.Transport, P] | None:
        """Dial one address within its share of the time that is left; None if it does not take the connection."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline - (deadline - loop.time()) * (left - 1) / left):
                if destination.scheme == "https":
                    return await self._connect_tls(destination, address, factory, offer)
                # the address is a literal: there is nothing left to look up
                return await loop.create_connection(factory, address, self.port(destination.host, destination.port))
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"the certificate of {destination.authority} is not valid: {error.verify_message}; "
                "STRONGROOM_UPSTREAM_CA_FILE adds trusted roots"
            ) from None
        except ssl.SSLError as error:
            if _NONE_OF_THESE in str(error):
                raise OtherProtocol(f"{destination.authority} does not speak {' or '.join(offer)}") from None
            raise Unreachable(
                f"no TLS with {destination.authority}: {error.reason or 'the handshake failed'}"
            ) from None
        except TimeoutError:
            if left == 1:
                raise
            return None
        except OSError:
            return None

    async def _connect_tls(
        self, destination: Destination, address: str, factory: Callable[[], P], offer: tuple[str, ...]
    ) -> tuple[asyncio.Transport, P]:
        """Dial one address and verify who answers. Raises `ssl.SSLError` and `OSError`; leaves nothing open then."""
        loop = asyncio.get_running_loop()
        channel = TlsChannel(self._ssl_contexts[offer], server_name=destination.host)
        wire, tls = await loop.create_connection(
            lambda: TlsTransport(channel, factory, loop), address, self.port(destination.host, destination.port)
        )
        try:
            await tls.ready
        except asyncio.CancelledError:
            wire.abort()
            raise
        return tls, cast("P", tls.inner)

    async def _all_addresses(self, host: Host, port: int) -> tuple[str, ...]:
        pinned = self._pins.get(host)
        if pinned is not None:
            return (pinned.address,)
        if is_address(host):
            return (host,)
        now = self._monotonic()
        known = self._cache.get(host)
        if known is not None and now < known[0]:
            return known[1]
        try:
            found = tuple(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError):
            raise Unreachable(f"{host} has no address: check the name, and this machine's resolver") from None
        self._cache[host] = (now + CACHED_SECONDS, found)
        self._cache.move_to_end(host)
        if len(self._cache) > CACHED_NAMES:
            self._cache.popitem(last=False)
        return found
