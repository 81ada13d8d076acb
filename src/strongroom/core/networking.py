"""Where a credential may be used: everywhere its environment lets through, on listed hosts only, or at one site."""

import re
from dataclasses import dataclass
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, HostSet, canonical_host
from strongroom.core.plans import Destination

_ABSOLUTE = re.compile(
    r"(https?)://(\[[^\[\]@]+\]|[^\[\]@:/?#]+)(?::([0-9]{1,5}))?(?:[/?#]|\Z)", re.ASCII | re.IGNORECASE
)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LAST_PORT = 65535


@final
@dataclass(frozen=True, slots=True)
class Unrestricted:
    """Any host that the environment permits."""

    def covers(self, host: Host) -> bool:
        """Every host is covered; the environment is the only boundary."""
        return bool(host)

    def admits(self, destination: Destination) -> bool:
        """Every destination is admitted."""
        return self.covers(destination.host)


@final
@dataclass(frozen=True, slots=True)
class Limited:
    """The listed hosts only; an empty list covers nothing."""

    hosts: HostSet

    def covers(self, host: Host) -> bool:
        """Tell whether the list covers the host."""
        return self.hosts.covers(host)

    def admits(self, destination: Destination) -> bool:
        """Tell whether the list covers the destination's host, by whatever scheme and port."""
        return self.covers(destination.host)


NOWHERE = Limited(HostSet())


@final
@dataclass(frozen=True, slots=True)
class Site:
    """One origin (RFC 6454): scheme, host and port. A login belongs to the page that asks for it."""

    origin: Destination

    @classmethod
    def parse(cls, url: str) -> "Site":
        """Read the origin of an absolute URL. Raises `Invalid` for anything that could be read as another one."""
        found = _ABSOLUTE.match(url)  # what is odd about a host, a backslash for one, `canonical_host` refuses
        if found is None:
            raise Invalid("must be an absolute http or https URL without user information")
        scheme, host, port = found[1].lower(), canonical_host(found[2]), found[3]
        number = _DEFAULT_PORTS[scheme] if port is None else int(port)
        if not 1 <= number <= _LAST_PORT:
            raise Invalid("must have a port from 1 to 65535, or none")
        return cls(Destination(scheme, host, number))

    @property
    def text(self) -> str:
        """The origin as a URL."""
        return f"{self.origin.scheme}://{self.origin.authority}"

    def admits(self, destination: Destination) -> bool:
        """Tell whether the destination is the site itself."""
        return destination == self.origin


Networking = Unrestricted | Limited | Site


def hosts_of(networking: Networking) -> list[str] | None:
    """Return the hosts as a list shows them; None for every host."""
    match networking:
        case Unrestricted():
            return None
        case Limited(hosts):
            return list(hosts.texts())
        case Site(origin):
            return [origin.host]
