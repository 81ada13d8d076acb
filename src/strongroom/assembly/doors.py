"""The two ports of a process that serves, and how a host stands in their URLs."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where the two ports are bound, as address and number."""

    api: tuple[str, int]
    proxy: tuple[str, int]


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
