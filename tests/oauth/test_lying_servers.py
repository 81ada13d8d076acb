"""Servers that redirect, flood and dribble, on real sockets: each is refused with its step, and no other is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from strongroom.assembly.doors import Doors
from strongroom.assembly.outside import Outside
from strongroom.core.calls import ControlUrl
from strongroom.core.failures import BadReply, UpstreamFailure
from strongroom.services.discovering import Discovering
from strongroom.settings import Settings
from tests.closing import cut

PRM = "/.well-known/oauth-protected-resource"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Liar:
    """One server for everything; `metadata` is how it answers to who asks for its metadata."""

    def __init__(self) -> None:
        self.metadata: Handler = self.redirect
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/mcp":
            hint = f'Bearer resource_metadata="http://127.0.0.1:{self.port}{PRM}"'
            return web.Response(status=401, headers={"www-authenticate": hint})
        return await self.metadata(request)

    async def redirect(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"location": "/elsewhere"})

    async def flood(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"resource": "')
        while True:  # until whoever reads hangs up
            await response.write(b"a" * 65536)

    async def compressed(self, _request: web.Request) -> web.StreamResponse:
        """A small body that would unfold to a large one; it is read as it comes."""
        response = web.json_response({"resource": "a" * 10_000_000, "authorization_servers": []})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def dribble(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    liar = Liar()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", liar.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    liar.port = runner.addresses[0][1]
    yield liar
    await cut(runner)


@pytest.fixture
def discovering(tmp_path: Path) -> Discovering:
    told = {"data_dir": tmp_path, "egress_allow_private": "127.0.0.0/8", "insecure_upstreams": True}
    doors = Doors(api=("127.0.0.1", 1), proxy=("127.0.0.1", 2))
    outside = Outside.of(Settings.load({}, told), doors, trustme.CA().cert_pem.bytes().decode())
    return Discovering(control=outside.control, insecure=True)


async def looked_up(discovering: Discovering, liar: Liar) -> str:
    with pytest.raises(UpstreamFailure) as refused:
        await discovering.of(ControlUrl.parse(liar.url, insecure=True))
    return str(refused.value)


async def test_a_redirect_is_not_followed(discovering: Discovering, liar: Liar) -> None:
    assert "it answered 302" in await looked_up(discovering, liar)
    assert liar.asked == ["/mcp", PRM]


async def test_a_flood_is_read_to_a_bound_and_no_further(discovering: Discovering, liar: Liar) -> None:
    liar.metadata = liar.flood
    async with asyncio.timeout(20):
        assert "is larger than 64 KiB" in await looked_up(discovering, liar)


async def test_a_body_that_would_unfold_is_not_unfolded(discovering: Discovering, liar: Liar) -> None:
    liar.metadata = liar.compressed
    async with asyncio.timeout(20):
        assert "the protected resource metadata" in await looked_up(discovering, liar)


async def test_a_dribble_ends_with_the_callers_patience(discovering: Discovering, liar: Liar) -> None:
    liar.metadata = liar.dribble
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await discovering.of(ControlUrl.parse(liar.url, insecure=True))


async def test_an_authorization_server_at_an_address_that_may_not_be_reached_is_refused(
    discovering: Discovering, liar: Liar
) -> None:
    async def metadata(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"resource": liar.url, "authorization_servers": ["http://169.254.169.254"]})

    liar.metadata = metadata
    with pytest.raises(Exception, match="reading the authorization server's metadata: ") as refused:
        await discovering.of(ControlUrl.parse(liar.url, insecure=True))
    assert not isinstance(refused.value, BadReply)
