"""Which pages are one website, so that a login may be typed into one and not into another.

Rules kept here (contract skyvern-credentials 8.1):
- one site is one scheme, one port and one registrable domain; who registers below a suffix of the public list, its
  private part included (`alice.github.io`), is a site of his own;
- an address, a name of one label, what lies below `localhost` and a public suffix itself are one origin and no more;
- a page has an address of its own or it has none: `about:`, `data:`, `blob:` and `file:` pages are no site.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import assert_never, final

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, canonical_host, is_address
from strongroom.core.networking import NOWHERE, Limited, Networking, Site, Unrestricted
from strongroom.core.overriding import override
from strongroom.core.plans import Destination

Registrable = Callable[[Host], Host | None]
"""Returns the registrable domain that a name belongs to; None for a name that is a public suffix itself."""

MAX_URL = 8192
DEFAULT_PORTS = {"https": 443, "http": 80}
_PAGE = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^\[\]@:/?#\\\s]+)(?::([0-9]{1,5}))?(?:[/?#]|\Z)", re.ASCII)
_MAX_PORT = 65535
_LOCAL = "localhost"


@final
@dataclass(frozen=True, slots=True)
class Website:
    """A website. Two pages are of one site if theirs are equal."""

    scheme: str
    host: Host
    port: int

    @override
    def __str__(self) -> str:
        return f"{self.scheme}://{Destination(self.scheme, self.host, self.port).authority}"


def origin_of(url: str) -> Destination:
    """Return scheme, host and port of a page's URL as a browser writes it. Raises `Invalid` for what is no web page."""
    found = _PAGE.match(url) if len(url) <= MAX_URL else None
    if found is None:
        raise Invalid("must be the URL of a page at http or https, as the browser writes it", field="url")
    scheme, host, port = found.groups()
    number = DEFAULT_PORTS[scheme] if port is None else int(port)
    if not 1 <= number <= _MAX_PORT:
        raise Invalid("must have a port from 1 to 65535, or none", field="url")
    try:
        return Destination(scheme, canonical_host(host), number)
    except Invalid:
        raise Invalid("must have a host name in ASCII or an address, as the browser writes it", field="url") from None


def website_of(origin: Destination, registrable: Registrable) -> Website:
    """Return the site that a page belongs to."""
    host = origin.host
    if not is_address(host) and "." in host and not host.endswith(f".{_LOCAL}"):
        host = registrable(host) or host
    return Website(origin.scheme, host, origin.port)


def bound_nowhere(networking: Networking) -> bool:
    """Tell whether there is no page at all that might be filled."""
    return isinstance(networking, Unrestricted) or networking == NOWHERE


def may_fill(networking: Networking, origin: Destination, registrable: Registrable) -> bool:
    """Tell whether a page may be filled: one of the login's own website, or of a listed host.

    A listed host's page comes by https, or from this machine: a list says nothing of schemes, and nobody reads along.
    Without site and list there is no page of which one could say that it is the right one.
    """
    match networking:
        case Site(origin=own):
            return website_of(own, registrable) == website_of(origin, registrable)
        case Limited():
            return networking.covers(origin.host) and (origin.scheme == "https" or _is_loopback(origin.host))
        case Unrestricted():
            return False
        case _:
            assert_never(networking)


def _is_loopback(host: Host) -> bool:
    if is_address(host):
        return ip_address(host).is_loopback
    return host == _LOCAL or host.endswith(f".{_LOCAL}")
