"""Hosts and host patterns, by the grammar of contract anthropic-vaults 4.5 and 6.3.

Rules kept here:
- a host is compared in one canonical form only: lower case, no trailing dot, IPv6 compressed;
- a name whose last label is all digits is an address or nothing (no `127.1`, no `010.0.0.1`);
- `*.example.com` covers subdomains at any depth and not `example.com` itself;
- ports are not part of a host.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NewType, final

from strongroom.core.failures import Invalid
from strongroom.core.overriding import override

Host = NewType("Host", str)
"""A host in canonical form."""

_LABEL = re.compile(r"[a-z0-9_-]{1,63}\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_MAX_NAME = 253


def canonical_host(text: str) -> Host:
    """Read the host of a request: a name, a strict dotted quad, or IPv6 with or without brackets.

    Raises `Invalid` for anything else, empty labels and percent escapes included.
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    if ":" in text:
        return _ipv6(text)
    return _name_or_ipv4(text)


_MAX_PORT = 65_535
_WITH_PORT = re.compile(r"(\[[^\]]+\]|[0-9.]+):([0-9]{1,5})\Z")


@final
@dataclass(frozen=True, slots=True)
class Pin:
    """Where a name is dialled, whatever a look-up would say; without a port, at the one that is asked for."""

    address: Host
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Pin":
        """Read `address`, `address:port` or `[IPv6]:port`. Raises `Invalid`."""
        found = _WITH_PORT.match(text)
        address, port = (text, None) if found is None else (found[1], int(found[2]))
        host = canonical_host(address)
        if not is_address(host) or (port is not None and not 0 < port <= _MAX_PORT):
            raise Invalid("must be an address, or an address and a port")
        return cls(host, port)

    @override
    def __str__(self) -> str:
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def _ipv6(text: str) -> Host:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise Invalid("must be a host name or an IP address") from None
    if address.scope_id is not None:  # names a network card of this machine, and every host has many spellings of it
        raise Invalid("must be an IP address without a zone")
    return Host(address.compressed)


def _name_or_ipv4(text: str) -> Host:
    if not text.isascii():  # before lower(), which makes an ASCII `k` of the Kelvin sign
        raise Invalid("must be a host name in ASCII (punycode for other scripts)")
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(map(_LABEL.match, labels)):
        raise Invalid("must be a host name of letters, digits, '-' and '_' (punycode for other scripts)")
    if _NUMBER.match(labels[-1]):
        try:
            IPv4Address(name)
        except AddressValueError:
            raise Invalid("must be a dotted quad where the last label is a number") from None
    return Host(name)


def is_address(host: Host) -> bool:
    """Tell an IP literal from a name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


@final
@dataclass(frozen=True, slots=True)
class HostPattern:
    """One entry of an allow-list: an exact host, or every subdomain of one."""

    host: Host
    subdomains: bool

    @classmethod
    def parse(cls, text: str) -> "HostPattern":
        """Read an entry; raises `Invalid` for scheme, port, path, IPv6 and misplaced wildcards."""
        subdomains = text.startswith("*.")
        rest = text[2:] if subdomains else text
        if not rest.isascii() or not rest or ":" in rest or "/" in rest or "[" in rest:
            raise Invalid("must be a bare host name, an IPv4 address, or '*.' and a domain")
        host = _name_or_ipv4(rest)
        if subdomains and is_address(host):
            raise Invalid("a wildcard stands before a domain, not before an address")
        return cls(host, subdomains)

    def covers(self, host: Host) -> bool:
        """Tell whether a canonical host falls under this entry."""
        if not self.subdomains:
            return host == self.host
        return host.endswith(f".{self.host}") and not host.startswith(".")

    @override
    def __str__(self) -> str:
        return f"*.{self.host}" if self.subdomains else self.host


@final
@dataclass(frozen=True, slots=True)
class HostSet:
    """An allow-list of hosts, in the order given and without repeats."""

    patterns: tuple[HostPattern, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "HostSet":
        """Read entries; repeats are kept once, at their first position. Raises `Invalid`."""
        return cls(tuple(dict.fromkeys(map(HostPattern.parse, entries))))

    def covers(self, host: Host) -> bool:
        """Tell whether any entry covers the host."""
        return any(pattern.covers(host) for pattern in self.patterns)

    def includes(self, other: HostPattern) -> bool:
        """Tell whether every host the pattern can mean is covered by one entry."""
        if not other.subdomains:
            return self.covers(other.host)
        return any(
            mine.subdomains and (other.host == mine.host or other.host.endswith(f".{mine.host}"))
            for mine in self.patterns
        )

    def __add__(self, other: "HostSet") -> "HostSet":
        return HostSet(tuple(dict.fromkeys((*self.patterns, *other.patterns))))

    def __len__(self) -> int:
        return len(self.patterns)

    def texts(self) -> tuple[str, ...]:
        """Return the entries as they are shown and stored."""
        return tuple(map(str, self.patterns))
