"""What every part of a process is put together with: settings, clock and randomness, the two ports, the way out."""

import os
from dataclasses import dataclass
from typing import Self, final

from strongroom.assembly.doors import Doors, bracketed
from strongroom.assembly.outside import Outside
from strongroom.edge import Edge
from strongroom.outbound import trust
from strongroom.settings import Settings


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One for each process. `roots` are the system's trusted certificates, as PEM."""

    settings: Settings
    edge: Edge
    doors: Doors
    roots: str
    outside: Outside

    @classmethod
    def of(cls, settings: Settings, edge: Edge, doors: Doors) -> Self:
        """Read which roots this system trusts. Raises `NotReady`."""
        roots = trust.system_roots(os.environ)
        return cls(settings=settings, edge=edge, doors=doors, roots=roots, outside=Outside.of(settings, doors, roots))

    @property
    def public_url(self) -> str:
        """The URL that others know the API by."""
        return self.settings.public_url or self.api_url(self.settings.agent_host)

    def api_url(self, host: str) -> str:
        """Return the URL of the API's port under a name of this machine."""
        return f"http://{bracketed(host)}:{self.doors.api[1]}{self.settings.path_prefix}"
