"""Where a credential may be used: everywhere its environment lets through, or on listed hosts only."""

from dataclasses import dataclass
from typing import final

from strongroom.core.hosts import Host, HostSet


@final
@dataclass(frozen=True, slots=True)
class Unrestricted:
    """Any host that the environment permits."""

    def covers(self, host: Host) -> bool:
        """Every host is covered; the environment is the only boundary."""
        return bool(host)


@final
@dataclass(frozen=True, slots=True)
class Limited:
    """The listed hosts only; an empty list covers nothing."""

    hosts: HostSet

    def covers(self, host: Host) -> bool:
        """Tell whether the list covers the host."""
        return self.hosts.covers(host)


Networking = Unrestricted | Limited
