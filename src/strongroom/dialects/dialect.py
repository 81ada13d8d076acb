"""What a dialect's folder exports: its name, the paths it owns, and how it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from starlette.types import ASGIApp

from strongroom.dialects.door import Door
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A row of `DIALECTS`. A request belongs to the dialect with the longest prefix of its path.

    `base` is a path under which all of it is served once more, for clients that want a base URL of
    its own; `public` are applications under longer paths that ask for no key. Its OpenAPI document is at
    `/<name>/openapi.json`.
    """

    name: str
    prefixes: tuple[str, ...]
    build: Callable[[Services, Options], Door]
    base: str | None = None
    public: Callable[[Services, Options], Mapping[str, ASGIApp]] | None = None
