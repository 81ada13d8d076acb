"""Whom a request says it speaks to, and from which page it comes.

Rules kept here (MCP, Streamable HTTP, security warning; DNS rebinding):
- `Host` names this server: a name or address that it is told to be reached at, the loopback names, or the very address
  that the connection came to. Anything else may be a stranger's name that was made to lead here;
- `Origin`, which browsers send, is absent or this server's own. There is no way to admit another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final
from urllib.parse import urlsplit

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, canonical_host
from strongroom.delivery.mcp.refusals import Code, Turned

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


@final
@dataclass(frozen=True, slots=True)
class Doorplate:
    """The names of this server."""

    names: frozenset[Host]

    @classmethod
    def of(cls, names: Iterable[str]) -> "Doorplate":
        """Take names and addresses as they are configured; those that stand for every address are left out."""
        return cls(frozenset(canonical_host(name) for name in (*_LOOPBACK, *names) if name not in _ANY))

    def check(self, hosts: list[bytes], origins: list[bytes], *, reached_at: str | None) -> None:
        """Raise a refusal unless the `Host` and `Origin` fields of a request are ours."""
        host = _authority(hosts[0]) if len(hosts) == 1 else None
        if host is None or not (host[0] in self.names or host[0] == reached_at):
            raise Turned(
                Code.HOST_NOT_OURS,
                "the request's Host is not this server: use the URL from the session, or set STRONGROOM_PUBLIC_URL",
            )
        if origins and not (len(origins) == 1 and _same(origins[0], host)):
            raise Turned(Code.ORIGIN_NOT_ALLOWED, "requests from web pages are not taken")


def _authority(value: bytes) -> tuple[Host, str] | None:
    """Return host and port of a Host field, the port as it is written."""
    text = value.decode("ascii", "replace")
    host, mark, port = text.rpartition(":")
    if not mark or text.endswith("]"):
        host, port = text, ""
    if port and not port.isdigit():
        return None
    try:
        return canonical_host(host), port
    except Invalid:
        return None


def _same(origin: bytes, host: tuple[Host, str]) -> bool:
    try:
        parts = urlsplit(origin.decode("ascii", "replace"))
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and not parts.path and _authority(parts.netloc.encode()) == host
