"""Addresses that the dialer has judged, in the form in which aiohttp takes them: there is nothing left to look up."""

import socket
from collections.abc import Iterable
from typing import final

from aiohttp.abc import AbstractResolver, ResolveResult

from strongroom.core.failures import NotPermitted
from strongroom.core.hosts import Host
from strongroom.core.overriding import override
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.dialer import Dialer


@final
class Judging(AbstractResolver):
    """Answers with the addresses that the dialer passes at this moment.

    With a guard given as `listed` only those are left that lie in a range which the operator listed.
    """

    def __init__(self, dialer: Dialer, *, listed: AddressGuard | None = None) -> None:
        self._dialer = dialer
        self._listed = listed

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the answers are what they are
    ) -> list[ResolveResult]:
        return resolved(host, self._dialer.port(Host(host), port), await self.addresses(host, port))

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses that may be dialled. Raises as the dialer does."""
        passed = await self._dialer.addresses(Host(host), port)
        if self._listed is None:
            return list(passed)
        listed = [address for address in passed if self._listed.is_listed(address)]
        if not listed:
            raise NotPermitted(
                f"{host} is asked in plain http and does not lead to a range that the operator lists in "
                "STRONGROOM_EGRESS_ALLOW_PRIVATE"
            )
        return listed

    @override
    async def close(self) -> None:
        """Nothing is held."""


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
