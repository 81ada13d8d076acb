"""A route of FastAPI's that is read when it is first used: what it is called with and answers, and how to check that.

To read a route takes milliseconds, and there are hundreds: read at once, they took longer than all else at a start.
Rules kept here:
- what finds a route is there from the beginning; all that is missing appears at once, and is what FastAPI makes of it;
- to write a document reads every route, and does so in a thread: no route is read twice.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import Match, compile_path, get_name
from starlette.types import Receive, Scope, Send

from strongroom.core.overriding import override

_reading = threading.Lock()


class UnreadRoute(APIRoute):
    """A route that knows where it is, and of the rest only what was said of it."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str],
        name: str | None = None,
        **said: Any,  # noqa: ANN401 - what FastAPI takes to describe a route
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods = set(methods)
        self.name = get_name(endpoint) if name is None else name
        self._begins = path.partition("{")[0]
        self._placed = False
        self._said: dict[str, Any] | None = said

    def read(self) -> None:
        """Have FastAPI read it, unless it has."""
        if self._said is None:
            return
        with _reading:
            if self._said is not None:
                super().__init__(self.path, self.endpoint, methods=self.methods, name=self.name, **self._said)
                self._said = None

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for it. One to another path than it begins with is for another at once."""
        if not self._placed:
            if self._begins not in scope["path"]:  # wherever: what stands before it may be a server's own (`root_path`)
                return Match.NONE, {}
            self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
            self._placed = True
        return super().matches(scope)

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.read()
        await super().handle(scope, receive, send)
