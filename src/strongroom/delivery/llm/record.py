"""What one request came to, gathered on its way and told to the books at its end (contract 4.6)."""

from collections.abc import Callable
from datetime import datetime
from typing import final

from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.routes import Route
from strongroom.core.llm.tallies import Tally
from strongroom.core.llm.uses import UNTOLD, Attempt, Finish, Use
from strongroom.delivery.llm.refusals import Code

Seconds = Callable[[], float]
"""The loop's clock."""


@final
class Record:
    """One request's. Times are the loop's."""

    __slots__ = (
        "_at",
        "_begun",
        "_first_byte",
        "_operation",
        "_request_id",
        "_seconds",
        "attempts",
        "bytes_in",
        "bytes_out",
        "code",
        "finish",
        "model",
        "route",
        "status",
        "streams",
        "tally",
    )

    def __init__(self, request_id: str, operation: Operation, at: datetime, seconds: Seconds) -> None:
        self._request_id = request_id
        self._operation = operation
        self._at = at
        self._seconds = seconds
        self._begun = seconds()
        self._first_byte: float | None = None
        self.attempts: list[Attempt] = []
        self.bytes_in = 0
        self.bytes_out = 0
        self.code: Code | None = None
        self.finish = Finish.REFUSED
        self.model: str | None = None
        self.route: Route | None = None
        self.status = 0
        self.streams = False
        self.tally: Tally | None = None

    def tried(self, route: Route, began: float, status: int | None, code: Code | None) -> None:
        """Note that a request was sent, or could not be."""
        self.route = route
        self.attempts.append(
            Attempt(
                provider=route.provider.id,
                upstream_model=route.mapping.upstream_model,
                status=status,
                milliseconds=_milliseconds(self._seconds() - began),
                code=None if code is None else code.value,
            )
        )

    def wrote(self, size: int) -> None:
        """Note that some of the body reached the client."""
        if self._first_byte is None and size:
            self._first_byte = self._seconds()
        self.bytes_out += size

    def use(self, key: GatewayKey) -> Use:
        """Return all of it, now that it is over."""
        route = self.route
        return Use(
            request_id=self._request_id,
            at=self._at,
            organization=key.organization,
            workspace=key.workspace,
            key=key.id,
            user_id=key.user_id,
            group_name=key.group_name,
            operation=self._operation,
            requested_model=self.model,
            provider=None if route is None else route.provider.id,
            connection=None if route is None or route.connection is None else route.connection.id,
            secret_version=None if route is None else route.secret_version,
            upstream_model=None if route is None else route.mapping.upstream_model,
            attempts=tuple(self.attempts),
            status=self.status,
            code=None if self.code is None else self.code.value,
            ttfb_ms=None if self._first_byte is None else _milliseconds(self._first_byte - self._begun),
            total_ms=_milliseconds(self._seconds() - self._begun),
            is_stream=self.streams,
            tokens=UNTOLD if self.tally is None else self.tally.tokens(),
            events=0 if self.tally is None else self.tally.events,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            finish=self.finish,
        )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
