"""The proxy on real sockets, with a real TLS upstream behind it."""

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TypeVar

import trustme

from strongroom.core.plans import Destination
from strongroom.delivery.egress import CertificateAuthority, Counters, EgressProxy, Limits
from strongroom.edge import Background, entropy, now
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.trust import upstream_contexts
from tests.delivery.egress.doubles import TOKEN, FixedDelivery

P = TypeVar("P", bound=asyncio.Protocol)
HOST = "api.example.com"
PATIENCE = 60.0
"""Seconds after which a test has hung: the loop itself has to end it, an alarm from outside does not reach it there."""
BACKLOG = 1024
"""Connections that may come at once: a system that has no room for one lets its client wait for a second."""
HANDED_OUT = 4
"""Turns of a loop until it has handed out what waits at a door. A loop drops, open, what a closed door had accepted."""
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FixedDialer:
    """Dials loopback whatever the host, with the port asked for, and verifies the name that was asked for."""

    real: Dialer
    offered: list[tuple[str, ...]] = field(default_factory=list)
    dialled: list[Destination] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Clear it to have connections wait."""

    def __post_init__(self) -> None:
        self.open.set()

    async def connect(
        self, destination: Destination, protocol_factory: Callable[[], P], offer: tuple[str, ...]
    ) -> tuple[asyncio.Transport, P]:
        self.dialled.append(destination)
        self.offered.append(offer)
        await self.open.wait()
        return await self.real.connect(destination, protocol_factory, offer)


async def loopback(_: str, __: int) -> list[str]:
    return ["127.0.0.1"]


@dataclass(kw_only=True)
class Rig:
    """A running proxy, its upstream, and how to talk to them."""

    delivery: FixedDelivery
    counters: Counters
    proxy: EgressProxy
    authority: CertificateAuthority
    dialer: FixedDialer
    proxy_port: int
    upstream_port: int

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.upstream_port}"

    @property
    def proxy_url(self) -> str:
        return f"http://agent:{TOKEN}@127.0.0.1:{self.proxy_port}"

    @property
    def host(self) -> str:
        return f"{HOST}:{self.upstream_port}"

    def client_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.authority.certificate)
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def connect(self, host: str | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to the proxy and a tunnel through it, up to the 200."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy_port)
        authorization = base64.b64encode(f"agent:{TOKEN}".encode()).decode()
        head = f"CONNECT {host or self.host} HTTP/1.1\r\nProxy-Authorization: Basic {authorization}\r\n\r\n"
        writer.write(head.encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 Connection Established\r\n\r\n"
        return reader, writer

    async def tunnel(
        self, *, server_name: str = HOST, context: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a tunnel and speak TLS in it."""
        reader, writer = await self.connect()
        await writer.start_tls(context or self.client_context(), server_hostname=server_name)
        return reader, writer


async def read_reply(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return head and body of one reply, its chunks joined."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in head.split(b"\r\n")[1:]}
    if b"content-length" in fields:
        return head, await reader.readexactly(int(fields[b"content-length"]))
    if fields.get(b"transfer-encoding") != b"chunked":
        return head, await reader.read()
    pieces: list[bytes] = []
    while size := int(await reader.readline(), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return head, b"".join(pieces)


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return head and body of one request; raises `IncompleteReadError` when there is none."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b"\r\ncontent-length:" in head.lower() or b"\r\ntransfer-encoding:" in head.lower():
        return head, (await _body(reader, head))
    return head, b""


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
    fields = {name: value.strip() for name, _, value in lines}
    if b"content-length" in fields:
        return await reader.readexactly(int(fields[b"content-length"]))
    pieces: list[bytes] = []
    while size := int((await reader.readline()).partition(b";")[0], 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(pieces)


@asynccontextmanager
async def rig(
    serve: Serve,
    delivery: FixedDelivery | None = None,
    *,
    limits: Limits | None = None,
    tls: bool = True,
    alpn: Sequence[str] = (),
) -> AsyncIterator[Rig]:
    """Run an upstream that `serve`s each connection, and the proxy before it."""
    ca = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(HOST).configure_cert(server_context)
    if alpn:
        server_context.set_alpn_protocols(list(alpn))
    tasks: set[asyncio.Task[None]] = set()
    over = False

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if over:  # whoever wanted it has gone
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(served(reader, writer))
        task.add_done_callback(lambda _: writer.close())  # not in the task: one that is cancelled may not have begun
        tasks.add(task)

    upstream = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=server_context if tls else None, backlog=BACKLOG)
    try:
        async with before(upstream.sockets[0].getsockname()[1], ca, delivery, limits=limits) as at:
            yield at
    finally:
        over = True
        for _ in range(HANDED_OUT):
            await asyncio.sleep(0)
        upstream.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def before(
    upstream_port: int, ca: trustme.CA, delivery: FixedDelivery | None = None, *, limits: Limits | None = None
) -> AsyncIterator[Rig]:
    """Run the proxy before an upstream that runs already, with a certificate of this authority."""
    bound = socket.create_server(("127.0.0.1", 0))
    background = Background()
    delivery = delivery or FixedDelivery()
    counters = Counters()
    authority = CertificateAuthority.load(CertificateAuthority.mint(now=now()), clock=now)
    guard = AddressGuard(allowed=[ip_network("127.0.0.0/8")], own_doors=())
    contexts = upstream_contexts(ca.cert_pem.bytes().decode())
    dialer = FixedDialer(Dialer(guard=guard, ssl_contexts=contexts, resolve=loopback))
    proxy = EgressProxy(
        delivery=delivery,
        authority=authority,
        dialer=dialer,
        counters=counters,
        entropy=entropy,
        spawn=background.spawn,
        limits=limits or Limits(),
    )
    await proxy.start(bound)
    at = Rig(
        delivery=delivery,
        counters=counters,
        proxy=proxy,
        authority=authority,
        dialer=dialer,
        proxy_port=bound.getsockname()[1],
        upstream_port=upstream_port,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield at
    finally:
        await proxy.stop(0)
        await background.close()
