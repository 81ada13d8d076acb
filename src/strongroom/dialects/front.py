"""The API port: every dialect, and the few paths that belong to the server itself.

A request goes to the dialect with the longest prefix of its path. A configured path prefix is
stripped first and need not be there. `/openapi.json` is the document of whoever owns `/v1`; each
dialect's own one is at `/<dialect>/openapi.json`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import final

from starlette.types import ASGIApp, Receive, Scope, Send

from strongroom.core.failures import Failure

METRICS_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_JSON = b"application/json"

Ready = Callable[[], Awaitable[None]]
"""Returns when the server can serve; raises a `Failure` whose words say what is missing."""

Metrics = Callable[[], Awaitable[bytes]]
"""Returns the metrics in Prometheus' text format."""


@final
class Front:
    """One ASGI application that hands requests on. `apps` are by path prefix, without a slash at the end."""

    def __init__(self, *, apps: Mapping[str, ASGIApp], ready: Ready, metrics: Metrics, path_prefix: str = "") -> None:
        self._apps = sorted(apps.items(), key=lambda row: len(row[0]), reverse=True)
        self._ready = ready
        self._metrics = metrics
        self._prefix = path_prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's own start and stop."""
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1000})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace")
        if path.startswith("//"):  # a base URL with a slash at its end (contract barndoor-credentials 1)
            path = "/" + path.lstrip("/")
        if self._prefix and _under(path, self._prefix):
            path = path[len(self._prefix) :] or "/"
        for prefix, app in self._apps:
            if _under(path, prefix):
                return await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)
        if path in _OWN and scope["method"] not in {"GET", "HEAD"}:
            return await _answer(send, 405, _words("this path takes GET only"), extra=[(b"allow", b"GET, HEAD")])
        match path:
            case "/healthz":
                return await _answer(send, 200, _words("ok"))
            case "/readyz":
                return await self._readiness(send)
            case "/metrics":
                return await _answer(send, 200, await self._metrics(), METRICS_TYPE)
            case _:
                return await _answer(send, 404, _words("there is nothing at this path"))

    async def _readiness(self, send: Send) -> None:
        try:
            await self._ready()
        except Failure as failure:
            await _answer(send, 503, _words(str(failure)), extra=[(b"retry-after", b"1")])
        else:
            await _answer(send, 200, _words("ok"))


_OWN = frozenset({"/healthz", "/readyz", "/metrics"})


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _words(words: str) -> bytes:
    return json.dumps({"status": words}).encode()


async def _answer(
    send: Send, status: int, body: bytes, kind: bytes = _JSON, *, extra: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *(extra or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """What must be ready is made ready by `wiring.py` before the port is opened."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
