"""Where a request goes, and whether all the places that name its host agree.

Rules kept here:
- the CONNECT authority or the absolute target, the Host field and (in `authority.py`) the TLS server name must name one
  canonical host and one port; what disagrees is refused before anything is substituted;
- what was compared is what is dialled: the destination made here is the only one used from here on.
"""

import re

from strongroom.core.failures import Invalid
from strongroom.core.hosts import canonical_host
from strongroom.core.plans import Destination
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.refusals import bad_request, mismatch

_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_ABSOLUTE = re.compile(rb"(https?|wss?)://([^/?]*)(.*)", re.IGNORECASE)
_SCHEMES = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}
"""How a scheme is dialled. Some clients name a WebSocket as RFC 6455 section 3 does when they ask a proxy for it."""
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LARGEST_PORT = 65535


def connect_destination(head: RequestHead) -> Destination:
    """Read the authority of a CONNECT; its port is required, and a Host field must name the same host."""
    found = _destination("https", head.target)
    if found is None or not head.target[-1:].isdigit() or b":" not in head.target.rpartition(b"]")[2]:
        raise bad_request("CONNECT wants a target of the form host:port")
    if b"content-length" in head.names or b"transfer-encoding" in head.names:
        raise bad_request("CONNECT has no body")
    for value in _host_values(head):
        named = _destination("https", value)
        if named is None or named.host != found.host:  # clients differ in whether they name the port here
            raise mismatch("the Host field does not name the host of the CONNECT target")
    return found


def absolute_destination(head: RequestHead) -> tuple[Destination, bytes]:
    """Read an absolute target sent to the proxy itself: the destination, and the target to send there."""
    found = _ABSOLUTE.fullmatch(head.target)
    if found is None:
        raise bad_request("a proxy wants an absolute http:// target, or CONNECT")
    if _SCHEMES[found[1].lower()] == "https":
        raise bad_request("https goes through CONNECT, so that it stays encrypted on the way to the proxy")
    destination = _destination("http", found[2])
    if destination is None:
        raise bad_request("the target must be an absolute http:// URL with a host and without user information")
    require_host(head, destination)
    return destination, _origin_form(head.method, found[3])


def inner_target(head: RequestHead, destination: Destination) -> bytes:
    """Return the target to send for a request inside a tunnel, after checking it against the tunnel."""
    target = head.target
    if target.startswith(b"/") or (target == b"*" and head.method == b"OPTIONS"):
        return target
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise bad_request("the target must begin with '/'")
    named = _destination(_SCHEMES[found[1].lower()], found[2])
    if named != destination:
        raise mismatch("the target names another host than the tunnel's")
    return _origin_form(head.method, found[3])


def require_host(head: RequestHead, destination: Destination) -> None:
    """Require that the Host field names the destination, port included; HTTP/1.0 may leave it out."""
    values = _host_values(head)
    if not values:
        if head.minor == 0:
            return
        raise bad_request("HTTP/1.1 wants a Host field")
    if _destination(destination.scheme, values[0]) != destination:
        raise mismatch("the Host field does not name the host and port that the connection was made for")


def _host_values(head: RequestHead) -> list[bytes]:
    values = head.all(b"host")
    if len(values) > 1:
        raise bad_request("a request has one Host field")
    return values


def _origin_form(method: bytes, rest: bytes) -> bytes:
    if rest.startswith(b"/"):
        return rest
    if not rest and method == b"OPTIONS":
        return b"*"  # RFC 9112 3.2.4
    return b"/" + rest


def _destination(scheme: str, authority: bytes) -> Destination | None:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return None
    port = int(found[2]) if found[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port <= _LARGEST_PORT:
        return None
    try:
        return Destination(scheme, canonical_host(found[1].decode()), port)
    except Invalid:
        return None
