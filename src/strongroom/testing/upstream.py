"""A small HTTPS upstream on loopback: it demands a bearer token, and quotes back what it was sent."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import final

from aiohttp import web

from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    host: str
    authorization: str
    body: str


@final
@dataclass(slots=True)
class Upstream:
    """A running upstream. It listens on `port` and remembers what it `received`."""

    token: Secret
    port: int = 0
    received: list[Received] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer 200 to the right bearer token, 401 to any other; quote the header either way, as careless APIs do."""
        authorization = request.headers.get("Authorization", "")
        self.received.append(Received(request.host, authorization, await request.text()))
        known = Secret(authorization) == Secret(f"Bearer {self.token.reveal()}")
        return web.json_response(
            {"welcome": known, "you_sent": {"authorization": authorization}}, status=200 if known else 401
        )


@asynccontextmanager
async def running(token: Secret, context: ssl.SSLContext) -> AsyncIterator[Upstream]:
    """Run an upstream on a free port of 127.0.0.1, with the certificate of `context`, which it takes over."""
    upstream = Upstream(token)
    context.set_alpn_protocols(["http/1.1"])  # what answers here speaks; certificates are made to offer HTTP/2 as well
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", upstream.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        upstream.port = runner.addresses[0][1]
        yield upstream
    finally:
        await runner.cleanup()
