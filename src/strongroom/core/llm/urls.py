"""From a connection's base URL to the URL of one request (contract 3.3). Scheme, host and port are the base URL's."""

from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.cloud_paths import ANTHROPIC_ONLY, CLOUD_PATHS, STRIPPED, Asked
from strongroom.core.llm.families import FAMILIES, Family, Operation
from strongroom.core.llm.upstreams import Upstream

_VERSIONED = ("/v1", "/v1beta/openai", "/openai/v1")


def target_of(upstream: Upstream, asked: Asked) -> str | None:
    """Return path and query of a request, or None where the vendor does not offer the operation.

    Raises `Invalid` for a model that cannot be a segment of a path where it has to be one.
    """
    path = upstream.base.path
    by_cloud = CLOUD_PATHS.get(upstream.model_provider)
    if by_cloud is not None:
        tail = by_cloud(asked)
        return None if tail is None else _without_ends(path) + tail
    family = FAMILIES[upstream.model_provider]
    if upstream.model_provider == "custom" and not _speaks(asked):
        return None
    at_host = family.at_host.get(asked.operation)
    if at_host is not None:
        return at_host
    tail = family.paths.get(asked.operation)
    return None if tail is None else root(path, upstream.model_provider, family) + tail


def offers(upstream: Upstream, operation: Operation) -> bool:
    """Tell whether a vendor answers an operation at all."""
    return target_of(upstream, Asked(operation=operation, model="m", settings=upstream.settings)) is not None


def url_of(upstream: Upstream, asked: Asked) -> str | None:
    """Return the whole URL, or None as above."""
    target = target_of(upstream, asked)
    return None if target is None else upstream.base.origin + target


def root(path: str, model_provider: str, family: Family) -> str:
    """Return the path that a vendor's own paths are below."""
    if not path:
        return family.version
    if path.endswith(tuple(end for end in (family.version, *_VERSIONED) if end)):
        return path
    if model_provider == "google_ai" and path.endswith("/v1beta"):
        return f"{path}/openai"
    return path + family.below


def _speaks(asked: Asked) -> bool:
    """Whether a server of the operator's own speaks the format; it speaks one."""
    return asked.operation.is_anthropic == (asked.settings.get("model_api_family") == ANTHROPIC_ONLY)


def _without_ends(path: str) -> str:
    for end in STRIPPED:
        if path.endswith(end):
            return path.removesuffix(end)
    return path


def same_place(one: str, other: str) -> bool:
    """Tell whether two base URLs name one server: its scheme, host and port."""
    return BaseUrl.parse(one).destination == BaseUrl.parse(other).destination
