"""Under which paths a route is served (contract skyvern-credentials 2).

Each with and without a slash at the end, and some under the older prefix as well. The document names each once.
"""

from collections.abc import Callable
from typing import Any, final

from fastapi.routing import APIRouter

from strongroom.dialects.door import CreateRoute, DoorRoute

CURRENT = "/v1"
LEGACY = "/api/v1"
CREDENTIALS = "/credentials"
FOLDERS = "/credential_folders"
PUSH = "/totp"
PREFIXES = (
    CURRENT + CREDENTIALS,
    CURRENT + FOLDERS,
    LEGACY + CREDENTIALS,
    LEGACY + FOLDERS,
    LEGACY + PUSH,
)
"""All that is ours."""

Endpoint = Callable[..., Any]


@final
class Paths:
    """Adds routes. Those of fixed words come before those with an id in their place: the first that fits answers."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    def current(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        creates: bool = False,
        in_document: bool = True,
        **described: Any,  # noqa: ANN401
    ) -> None:
        """Add a route under the current prefix."""
        self._add(CURRENT + path, method, endpoint, creates=creates, in_document=in_document, **described)

    def legacy(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        creates: bool = False,
        **described: Any,  # noqa: ANN401
    ) -> None:
        """Add its twin under the older prefix."""
        self._add(LEGACY + path, method, endpoint, creates=creates, in_document=False, **described)

    def both(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        creates: bool = False,
        **described: Any,  # noqa: ANN401
    ) -> None:
        """Add both, at the same path."""
        self.current(method, path, endpoint, creates=creates, **described)
        self.legacy(method, path, endpoint, creates=creates, **described)

    def _add(
        self,
        path: str,
        method: str,
        endpoint: Endpoint,
        *,
        creates: bool,
        in_document: bool,
        **described: Any,  # noqa: ANN401 - what FastAPI takes to describe a route
    ) -> None:
        shape = CreateRoute if creates else DoorRoute
        for served, shown in ((path, in_document), (f"{path}/", False)):
            self._router.add_api_route(
                served,
                endpoint,
                methods=[method],
                route_class_override=shape,
                include_in_schema=shown,
                **described,
            )
