"""The gateway on a real socket, with a real server behind it."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import httpx
import uvicorn
from starlette.types import ASGIApp

from strongroom.core.failures import NotAuthenticated
from strongroom.core.ids import CredentialId
from strongroom.core.mcp_servers import Served
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.overriding import override
from strongroom.crypto.tokens import PageTokens
from strongroom.delivery.mcp import Counters, Doorplate, Endpoints, Gateway, Limits
from strongroom.delivery.mcp.ports import Screening, unscreened
from strongroom.dialects.front import Front
from strongroom.dialects.port import bounded
from strongroom.edge import Background, new_id
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer
from strongroom.outbound.mcp_upstream import McpUpstream
from strongroom.outbound.trust import upstream_context
from strongroom.services.live import LiveSession
from tests.delivery.egress.doubles import PLACED, SECRET, TOKEN, VAULT, FixedDelivery, placement
from tests.plain_http import UNUSED_TLS

HOST = "mcp.example.com"
SESSION = "sesn_1"
LOOPBACK = (ip_network("127.0.0.1/32"),)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class Servers(FixedDelivery):
    """A session that can speak to the servers it is given."""

    served: dict[str, tuple[str, CredentialId | None]] = field(default_factory=dict)
    """URL and credential by name."""
    signed: bool = False

    async def servers(self, live: LiveSession) -> tuple[Served, ...]:
        if live.ended:
            raise NotAuthenticated(presented=True)
        return tuple(
            Served(
                name=name,
                key=name,
                address=McpUrl.parse(url, insecure=True),
                credential=credential,
                vault=None if credential is None else VAULT,
                signed=self.signed,
            )
            for name, (url, credential) in self.served.items()
        )


@dataclass(kw_only=True)
class Rig:
    """A running gateway."""

    delivery: Servers
    gateway: Gateway
    front: Front
    counters: Counters
    port: int

    @property
    def url(self) -> str:
        return self.url_of("server")

    def url_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/mcp/{SESSION}/{name}"

    async def ask(
        self,
        method: str = "POST",
        *,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
        body: bytes = b'{"jsonrpc":"2.0","id":1,"method":"ping"}',
    ) -> httpx.Response:
        known = {"content-type": "application/json"} | ({} if token is None else {"authorization": f"Bearer {token}"})
        async with httpx.AsyncClient(trust_env=False, verify=UNUSED_TLS) as client:
            return await client.request(
                method, url or self.url, headers=known | dict(headers or {}), content=body if method == "POST" else None
            )

    async def connect(
        self, method: str, body: bytes = b"", path: str = f"/mcp/{SESSION}/server"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request by hand."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {TOKEN}",
            "Content-Type: application/json",
            "Accept: application/json, text/event-stream",
            f"Content-Length: {len(body)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return reader, writer


def refusal(reply: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and sentence of a refusal, which says the same in header and body."""
    error = reply.json()["error"]
    assert error["data"] == {"strongroom_refused": reply.headers["strongroom-refused"]}
    return reply.status_code, reply.headers["strongroom-refused"], error["message"]


@contextmanager
def bound() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        listening.setblocking(False)
        yield listening


class _Quiet(uvicorn.Server):
    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp, http: type[asyncio.Protocol] | None = None) -> AsyncIterator[int]:
    """Serve an application with uvicorn in this loop."""
    with bound() as listening:
        config = uvicorn.Config(
            app, http=http or "auto", log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        server = _Quiet(config)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(server.serve(sockets=[listening]))
            while not server.started:
                assert not running.done()
                await asyncio.sleep(0.005)
            try:
                yield listening.getsockname()[1]
            finally:
                server.should_exit = True


@asynccontextmanager
async def answering(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve connections by hand, each in a task that ends with the test."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def rig(
    port: int,
    *,
    path: str = "/mcp",
    scheme: str = "http",
    roots: str | None = None,
    delivery: Servers | None = None,
    limits: Limits | None = None,
    insecure: bool = True,
    allowed: bool = True,
    screening: Screening = unscreened,
    secret: str = SECRET,
) -> AsyncIterator[Rig]:
    """Run a gateway before the server at a port, which a credential is for."""
    url = f"{scheme}://{HOST}:{port}{path}"
    target = McpUrl.parse(url, insecure=True).target
    delivery = delivery or Servers(placements=(placement(target, secret),))
    delivery.served.setdefault("server", (url, PLACED))
    limits = limits or Limits()
    context = upstream_context(roots or "") if roots else UNUSED_TLS
    dialer = Dialer(
        guard=AddressGuard(allowed=LOOPBACK if allowed else ()),
        ssl_contexts={("http/1.1",): context},
        resolve_pins={HOST: "127.0.0.1"},
    )
    upstream = McpUpstream(
        dialer=dialer,
        ssl_context=context,
        connect_seconds=limits.egress.connect_seconds,
        silence_seconds=limits.egress.read_seconds,
        head_bytes=limits.egress.head_bytes,
    )
    background, counters = Background(), Counters()
    gateway = Gateway(
        delivery=delivery,
        upstream=upstream,
        doorplate=Doorplate.of(["vault.example.com"]),
        endpoints=Endpoints(tokens=PageTokens(key=b"k" * 32), base="/prefix"),
        counters=counters,
        spawn=background.spawn,
        limits=limits,
        insecure=insecure,
        screening=screening,
    )

    async def nothing() -> None:
        return

    async def none() -> bytes:
        return b""

    front = Front(apps={"/mcp": gateway}, ready=nothing, metrics=none, path_prefix="/prefix")
    watching = background.spawn(gateway.watch(), "watch")
    try:
        async with served(front, http=bounded(new_id)) as own:
            yield Rig(delivery=delivery, gateway=gateway, front=front, counters=counters, port=own)
            await gateway.stop(0.0)
    finally:
        watching.cancel()
        await upstream.close()
        await background.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it becomes so in code that knows of no test
            await asyncio.sleep(0.01)


def message(**fields: object) -> bytes:
    """Write a JSON-RPC message."""
    return json.dumps({"jsonrpc": "2.0"} | fields).encode()
