"""The address guard: which addresses may be dialled, whoever asks and whatever name led there.

Rules kept here:
- an address that is not public is refused unless an operator listed its range;
- an IPv6 address is judged by itself and by every IPv4 address it is a way to;
- our own doors are refused even if listed: an agent does not reach its warden through the proxy;
- a refusal does not tell which address a name led to: that is for the log, not for the agent.
"""

import logging
import socket
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv6Address
from typing import final

from strongroom.core.failures import NotPermitted
from strongroom.outbound.ranges import METADATA, Address, Network, Range, carried, read_address, special

_ANYWHERE = IPv6Address(0)
_log = logging.getLogger(__name__)

Door = tuple[str, int]
"""An address (or the name it was given as) and port that this server listens on."""


@final
class AddressGuard:
    """Judges addresses. `own_doors` is read at each check, so doors opened later count too.

    `is_local` tells whether an address is one of this machine's: a door that listens on all of
    them is reached by each.
    """

    def __init__(
        self,
        *,
        allowed: Iterable[Network] = (),
        own_doors: Collection[Door] = (),
        is_local: Callable[[Address], bool] | None = None,
    ) -> None:
        self._allowed = tuple(allowed)
        self._own_doors = own_doors
        self._is_local = is_local or local_to_this_machine

    def check(self, host: str, address: str, port: int) -> None:
        """Raise `NotPermitted` if the address that `host` led to may not be dialled at this port."""
        found = read_address(address)
        ways = (found, *carried(found))
        if any(self._is_own_door(way, port) for way in ways):
            _log.info("%s, refused, leads to a door of this server: %s", host, found)
            raise NotPermitted(f"{_leads(host, found)} a door of this server, which requests may not pass through")
        for way in ways:
            row = special(way)
            if row is not None and not self._is_allowed(way, row):
                _log.info("%s, refused, leads to %s: %s", host, row.words, found)
                raise NotPermitted(
                    f"{_leads(host, found)} {row.words}; list it in STRONGROOM_EGRESS_ALLOW_PRIVATE to allow it"
                )

    def is_listed(self, address: str) -> bool:
        """Tell whether an address lies in a range that the operator listed."""
        found = read_address(address)
        return any(found in network for network in self._allowed)

    def _is_allowed(self, address: Address, row: Range) -> bool:
        if row in METADATA:
            return row.network in self._allowed
        return any(address in network for network in self._allowed)

    def _is_own_door(self, address: Address, port: int) -> bool:
        here = [_door(address) for address, number in self._own_doors if number == port]
        if not here:
            return False
        if address in here or address.is_unspecified:  # 0.0.0.0 dials this machine
            return True
        return any(door.is_unspecified for door in here) and (address.is_loopback or self._is_local(address))


def _door(text: str) -> Address:
    """Read a door's address; one that listens under a name may be on any of this machine's addresses."""
    try:
        return read_address(text)
    except ValueError:
        return _ANYWHERE


def local_to_this_machine(address: Address) -> bool:
    """Tell whether an address is one of this machine's, by trying to take a port there."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - the protocol's number
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(address), 0))
    except OSError:
        return False
    return True


def _leads(host: str, address: Address) -> str:
    return f"{host} is" if host == str(address) else f"{host} leads to"
