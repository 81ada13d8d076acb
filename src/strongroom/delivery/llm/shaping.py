"""A client's request as a route's upstream is to get it: its URL, its fields, its body. All but what authenticates it.

What a route says by itself is worked out once and kept for as long as the route is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from strongroom.core.failures import Invalid
from strongroom.core.llm.cloud_paths import Asked
from strongroom.core.llm.families import Operation
from strongroom.core.llm.routes import Route
from strongroom.core.llm.urls import target_of
from strongroom.core.plans import Destination
from strongroom.delivery.llm.documents import Document, with_member
from strongroom.delivery.llm.fields import OURS
from strongroom.delivery.llm.placing import said
from strongroom.delivery.llm.refusals import Code, Turned

ANTHROPIC_VERSION = "2023-06-01"
VERTEX_VERSION = "vertex-2023-10-16"
"""What Vertex wants in bodies of Anthropic's format, where neither client nor settings say another (contract 3.4)."""
_MOST_KEPT = 4096


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a route says of one operation. `whose` names the secret that its connections are opened for."""

    whose: str
    destination: Destination
    target: str
    fields: tuple[tuple[str, str], ...]
    version: str | None
    body_version: str | None
    names_model_in_path: bool

    def url(self, target: str) -> str:
        """Return the whole URL of a request."""
        return f"{self.destination.scheme}://{self.destination.authority}{target}"

    def request_target(self, *, beta: bool) -> str:
        """Return path and query. A client's query is dropped but for `beta=true` (contract 3.3)."""
        return f"{self.target}?beta=true" if beta and "?" not in self.target else self.target

    def request_fields(self, sent: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the fields, of which `sent` are the client's."""
        names = {name for name, _ in sent}
        fields = [*self.fields, *sent]
        if "content-type" not in names:
            fields.append(("content-type", "application/json"))
        if self.version is not None and "anthropic-version" not in names:
            fields.append(("anthropic-version", self.version))
        return fields

    def request_body(self, document: Document, model: str) -> bytes:
        """Return the body."""
        body = document.without_model() if self.names_model_in_path else document.asking_for(model)
        if self.body_version is not None and "anthropic_version" not in document.members:
            body = with_member(body, "anthropic_version", self.body_version)
        return body


@final
class Shapes:
    """Shapes of routes, kept by the route itself: a change makes new routes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Operation, bool], tuple[Route, Shape]] = {}

    def of(self, route: Route, operation: Operation, *, streams: bool) -> Shape:
        """Return a route's shape. Raises `Turned` for a model that cannot be asked for there."""
        key = (id(route), operation, streams)
        known = self._kept.get(key)
        if known is None:
            known = route, _shaped(route, operation, streams=streams)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = known  # with the route, so that nothing else can have its identity meanwhile
        return known[1]


def _shaped(route: Route, operation: Operation, *, streams: bool) -> Shape:
    upstream = route.upstream
    settings = upstream.settings
    asked = Asked(operation=operation, model=route.mapping.upstream_model, settings=settings, stream=streams)
    try:
        target = target_of(upstream, asked)
    except Invalid:
        raise Turned(Code.INVALID_REQUEST, "the model's name cannot be asked for at its upstream") from None
    if target is None:
        raise Turned(Code.UNSUPPORTED_DIALECT, "the model's upstream does not speak this format")
    in_vertex = upstream.model_provider == "vertex" and operation.is_anthropic
    connection = route.connection
    return Shape(
        whose=f"{route.provider.workspace}/{route.provider.id}"
        if connection is None
        else f"{connection.id}/{connection.secret_version}",
        destination=upstream.base.destination,
        target=target,
        fields=(*OURS, *said(upstream.model_provider, settings)),
        version=_version(settings, ANTHROPIC_VERSION) if operation.is_anthropic and not in_vertex else None,
        body_version=_version(settings, VERTEX_VERSION) if in_vertex else None,
        names_model_in_path=in_vertex and operation is Operation.MESSAGES,
    )


def _version(settings: Mapping[str, Any], default: str) -> str:
    said_there = settings.get("anthropic_version")
    return said_there if isinstance(said_there, str) and said_there else default
