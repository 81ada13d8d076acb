"""From dialects to the applications that `Front` dispatches to."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import final

from fastapi import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from strongroom.dialects.dialect import Dialect
from strongroom.dialects.options import Options
from strongroom.dialects.replies import JSON
from strongroom.services.catalogue import Services

ROOT_OWNER = "/v1"
"""Whoever owns this prefix also answers `/openapi.json`, where tools look first."""


def mounted(dialects: Iterable[Dialect], services: Services, options: Options) -> dict[str, ASGIApp]:
    """Build every dialect; return the applications by the path prefixes that they own."""
    apps: dict[str, ASGIApp] = {}
    for dialect in dialects:
        door = dialect.build(services, options)
        apps |= dict.fromkeys(dialect.prefixes, door)
        if dialect.public is not None:
            apps |= dialect.public(services, options)
        if dialect.base is not None:
            apps[dialect.base] = Stripped(door, dialect.base)
        written = Document(partial(door.document, servers=(options.path_prefix or "/",)))
        apps[f"/{dialect.name}/openapi.json"] = written
        if ROOT_OWNER in dialect.prefixes:
            apps["/openapi.json"] = written
    return apps


@final
class Stripped:
    """An application served under a longer path than it knows of."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self._app = app
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the base off the path and hand the request on."""
        path = scope["path"].removeprefix(self._base) or "/"
        await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


@final
class Document:
    """A fixed JSON document, written when it is first asked for: that takes longer than all else at a start."""

    def __init__(self, write: Callable[[], bytes]) -> None:
        self._write = write
        self._written: bytes | None = None
        self._writing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in {"GET", "HEAD"}:
            return await Response(status_code=405, headers={"allow": "GET, HEAD"})(scope, receive, send)
        async with self._writing:
            if self._written is None:
                self._written = await asyncio.to_thread(self._write)  # what else is under way goes on
        return await Response(self._written, media_type=JSON)(scope, receive, send)
