"""Where this dialect's routes are, and what holds for those that write (contract 1, 5)."""

from collections.abc import Callable
from typing import Any, final

from fastapi import Request
from fastapi.routing import APIRouter

from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal
from strongroom.core.sources import Clock
from strongroom.core.uuids import is_uuid
from strongroom.dialects.door import CreateRoute, DoorRoute, caller
from strongroom.dialects.rates import Rates

NAMESPACE = "/api/llm-gateway"
ADMIN = f"{NAMESPACE}/admin"
USER = f"{NAMESPACE}/user"
WRITES_PER_MINUTE = 60
CHECKS_PER_MINUTE = 10

Endpoint = Callable[..., Any]


@final
class Paths:
    """Adds routes. Each organization may write so often in a minute, and ask clouds less often."""

    def __init__(self, router: APIRouter, *, clock: Clock) -> None:
        self._router = router
        self._writes = Rates(creates_per_minute=WRITES_PER_MINUTE, others_per_minute=0, clock=clock)
        self._checks = Rates(creates_per_minute=CHECKS_PER_MINUTE, others_per_minute=0, clock=clock)

    def get(self, path: str, endpoint: Endpoint, answer: Any) -> None:  # noqa: ANN401 - a type
        """Add one that reads."""
        self._router.add_api_route(path, endpoint, methods=["GET"], response_model=answer)

    def create(self, path: str, endpoint: Endpoint, answer: Any) -> None:  # noqa: ANN401 - as above
        """Add one that makes something."""
        self._router.add_api_route(
            path, endpoint, methods=["POST"], response_model=answer, route_class_override=CreateRoute
        )

    def post(self, path: str, endpoint: Endpoint, answer: Any) -> None:  # noqa: ANN401 - as above
        """Add one that makes nothing."""
        self._router.add_api_route(path, endpoint, methods=["POST"], response_model=answer)

    def write(self, method: str, path: str, endpoint: Endpoint, answer: Any, *, in_document: bool = True) -> None:  # noqa: ANN401 - as above
        """Add one that changes or removes something."""
        self._router.add_api_route(
            path, endpoint, methods=[method], response_model=answer, include_in_schema=in_document
        )

    def anything(self, path: str, endpoint: Endpoint) -> None:
        """Add one that takes every method and is not described."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self._router.add_api_route(
            path, endpoint, methods=methods, include_in_schema=False, route_class_override=DoorRoute
        )

    def writer(self, request: Request) -> Principal:
        """Return who wants to write. Raises `TooMany`."""
        principal = caller(request)
        self._writes.take(principal, creates=True)
        return principal

    def checker(self, request: Request) -> Principal:
        """Return who wants a cloud asked. Raises `TooMany`."""
        principal = caller(request)
        self._checks.take(principal, creates=True)
        return principal


def uuid_of(text: str) -> str:
    """Return an id out of a path as we write it. Raises `Invalid` for what can be none."""
    if not is_uuid(text):
        raise Invalid("must be a UUID", field="id")
    return text.lower()
