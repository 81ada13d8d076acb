"""Addresses that the dialer has judged, in the form in which aiohttp takes them: there is nothing left to look up."""

import socket
from collections.abc import Iterable

from aiohttp.abc import ResolveResult


def resolved(host: str, port: int, addresses: Iterable[str]) -> list[ResolveResult]:
    """Return the addresses of a host as literals."""
    return [
        ResolveResult(
            hostname=host,
            host=address,
            port=port,
            family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            proto=0,
            flags=socket.AI_NUMERICHOST,
        )
        for address in addresses
    ]
