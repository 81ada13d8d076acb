"""A custom credential service, written from contract skyvern-credentials section 7 and nothing of ours."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKEN = "the-service's-token"


@dataclass
class CustomService:
    """Keeps what it is sent, by ids of its own."""

    url: str = ""
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    redirects: bool = False
    numbers: bool = False
    """Whether it answers with numbers for ids."""
    broken: int = 0
    """A status with which it answers everything, quoting what it knows."""
    forgetful: bool = False
    """Whether it takes an item and closes the connection without an answer."""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded])
        app.router.add_get("/creds", self._hello)
        app.router.add_post("/creds", self._create)
        app.router.add_get("/creds/{id}", self._read)
        app.router.add_delete("/creds/{id}", self._delete)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return web.json_response({"message": "unauthorized"}, status=401)
        if self.broken:
            return web.json_response({"message": f"lost {self.items}"}, status=self.broken)
        if self.redirects:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        return await handler(request)

    async def _hello(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _create(self, request: web.Request) -> web.Response:
        id_ = str(secrets.randbits(60)) if self.numbers else secrets.token_urlsafe(18)
        self.items[id_] = await request.json()
        if self.forgetful:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": int(id_) if self.numbers else id_}, status=201)

    async def _read(self, request: web.Request) -> web.Response:
        found = self.items.get(request.match_info["id"])
        return web.json_response({"message": "not found"}, status=404) if found is None else web.json_response(found)

    async def _delete(self, request: web.Request) -> web.Response:
        if self.items.pop(request.match_info["id"], None) is None:  # as some do, though the contract says 204
            return web.json_response({"message": "not found"}, status=404)
        return web.Response(status=204)
