"""From a model's name to the routes that lead to it, in the order in which they are tried (contract 4.2).

Everything is at hand: a `Catalogue` is made whole from what a workspace has, and answers until it is thrown away.
Rules kept here:
- an alias is looked for first, then `<provider>/<model>`, the longest provider's name winning;
- a model that is not enabled is reached under no name;
- a name that leads nowhere at all is unknown; one whose routes are all dark is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from strongroom.core.llm.connections import Connection
from strongroom.core.llm.families import Operation
from strongroom.core.llm.mappings import REQUEST_TIMEOUT, STREAM_IDLE_TIMEOUT, MappingKind, ModelMapping
from strongroom.core.llm.providers import Provider
from strongroom.core.llm.schemes import Way
from strongroom.core.llm.upstreams import Upstream
from strongroom.core.llm.urls import offers


@final
class Unresolved(StrEnum):
    """Why there is no route; the codes that clients of the gateway are told (4.7)."""

    MODEL_NOT_FOUND = "model_not_found"
    NO_ROUTE = "no_route_available"
    UNSUPPORTED_DIALECT = "unsupported_dialect"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A mapping with all that a request through it needs. Without `connection` clients bring their own token.

    `intact` is false where the row of the provider is not as we wrote it: its secret goes nowhere. The timeouts are
    those in force.
    """

    mapping: ModelMapping
    provider: Provider
    connection: Connection | None
    upstream: Upstream
    operations: frozenset[Operation]
    request_timeout: int
    stream_idle_timeout: int
    serves: bool
    intact: bool = True

    @property
    def way(self) -> Way:
        """How it authenticates."""
        return self.upstream.way

    @property
    def secret_version(self) -> int | None:
        """Which of its connection's secrets it sends."""
        return None if self.connection is None else self.connection.secret_version


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """A name under which a model can be asked for."""

    name: str
    routes: tuple[Route, ...]


@final
class Catalogue:
    """What a workspace's gateway keys can reach."""

    def __init__(self, routes: Iterable[Route]) -> None:
        aliases: defaultdict[str, list[Route]] = defaultdict(list)
        qualified: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in sorted(routes, key=_order):
            if route.mapping.bare_alias:
                aliases[route.mapping.model_alias].append(route)
            if route.mapping.kind is MappingKind.MODEL:
                qualified[route.provider.name.casefold(), route.mapping.upstream_model].append(route)
        self._aliases: Mapping[str, Sequence[Route]] = aliases
        self._qualified: Mapping[tuple[str, str], Sequence[Route]] = qualified

    def resolve(self, model: str, operation: Operation) -> tuple[Route, ...] | Unresolved:
        """Return the routes to try, best first."""
        found = self._aliases.get(model) or self._by_provider(model)
        if not found:
            return Unresolved.MODEL_NOT_FOUND
        serving = [route for route in found if route.serves]
        if not serving:
            return Unresolved.NO_ROUTE
        return tuple(route for route in serving if operation in route.operations) or Unresolved.UNSUPPORTED_DIALECT

    def reachable(self) -> list[Reachable]:
        """Return every name that leads somewhere now, aliases first."""
        named = [(name, routes) for name, routes in self._aliases.items()]
        named += [(f"{routes[0].provider.name}/{model}", routes) for (_, model), routes in self._qualified.items()]
        return [
            Reachable(name=name, routes=serving)
            for name, routes in sorted(named, key=lambda row: row[0])
            if (serving := tuple(route for route in routes if route.serves))
        ]

    def _by_provider(self, model: str) -> Sequence[Route]:
        cut = model.rfind("/")
        while cut > 0:
            found = self._qualified.get((model[:cut].casefold(), model[cut + 1 :]))
            if found:
                return found
            cut = model.rfind("/", 0, cut)
        return ()


def catalogue(
    mappings: Sequence[ModelMapping],
    providers: Mapping[str, Provider],
    connections: Mapping[str, Connection],
    *,
    intact: frozenset[str],
) -> Catalogue:
    """Put together what a workspace has. `intact` are the providers whose rows are as we wrote them."""
    models = {(each.provider, each.upstream_model): each for each in mappings if each.kind is MappingKind.MODEL}
    upstreams: dict[str, tuple[Upstream, frozenset[Operation]]] = {}
    routes: list[Route] = []
    for mapping in mappings:
        provider = providers.get(mapping.provider)
        if provider is None:
            continue
        connection = None if provider.connection is None else connections.get(provider.connection)
        if connection is None and provider.connection is not None:
            continue  # its secret is gone, so it leads nowhere
        if provider.id not in upstreams:
            upstream = provider.upstream(connection)
            upstreams[provider.id] = upstream, frozenset(each for each in Operation if offers(upstream, each))
        upstream, operations = upstreams[provider.id]
        model = models.get((mapping.provider, mapping.upstream_model))
        routes.append(
            Route(
                mapping=mapping,
                provider=provider,
                connection=connection,
                upstream=upstream,
                operations=operations,
                request_timeout=mapping.request_timeout_secs
                or (model and model.request_timeout_secs)
                or provider.request_timeout_secs
                or REQUEST_TIMEOUT,
                stream_idle_timeout=mapping.stream_idle_timeout_secs
                or (model and model.stream_idle_timeout_secs)
                or provider.stream_idle_timeout_secs
                or STREAM_IDLE_TIMEOUT,
                serves=mapping.enabled and model is not None and model.enabled and provider.serves,
                intact=provider.id in intact,
            )
        )
    return Catalogue(routes)


def _order(route: Route) -> tuple[object, ...]:
    return route.mapping.priority, route.mapping.created_at, route.mapping.id
