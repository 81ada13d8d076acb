"""A contestant: a running way to the upstream."""

from dataclasses import dataclass
from typing import final

from benchmarks.load.job import Route
from benchmarks.processes import Child


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One of several who use a contestant at the same time: what it shows the proxy, and its placeholder."""

    tunnel_authorization: str
    authorization: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """What the load generator needs to send requests through it."""

    name: str
    version: str
    route: Route
    authorization: str
    """What the client sends: a placeholder, where something on the way knows the secret."""
    sessions: tuple[Session, ...] = ()
    """Those who take turns, where there are several."""
    child: Child | None = None
    """Its process, whose CPU time and memory are read; None where there is nothing to read."""

    @property
    def pid(self) -> int | None:
        return self.child.pid if self.child else None

    def last_words(self) -> str:
        """What it wrote to standard error last."""
        return self.child.last_words() if self.child else ""
