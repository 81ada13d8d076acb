"""What an exchange is held by while it lasts, so that others can end it: its client, its session, the server's end.

Whoever ends it says why; the first reason counts. What runs under the leash is interrupted at once, wherever it waits.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import final


@final
class Why(Enum):
    """Why an exchange was ended from outside."""

    CLIENT_GONE = auto()
    SESSION_OVER = auto()
    NOT_ALLOWED_ANY_MORE = auto()
    STOPPING = auto()


@final
class Ended(Exception):
    """Raised under the leash when it is pulled."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.name)
        self.why = why


@final
class Leash:
    """Holds one exchange, in the task that runs it."""

    __slots__ = ("_scope", "why")

    def __init__(self) -> None:
        self.why: Why | None = None
        self._scope: asyncio.Timeout | None = None

    def pull(self, why: Why) -> None:
        """End the exchange. Does nothing where it has ended."""
        if self.why is None:
            self.why = why
            if self._scope is not None:
                self._scope.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Run what is inside until it is done or the leash is pulled, which raises `Ended`."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scope = scope
                if self.why is not None:
                    raise Ended(self.why)
                yield
        except TimeoutError:
            if self.why is None or not scope.expired():
                raise
            raise Ended(self.why) from None
        finally:
            self._scope = None
