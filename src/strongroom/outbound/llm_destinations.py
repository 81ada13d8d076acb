"""Which base URLs of models' upstreams are taken at all; whoever dials one judges its addresses again."""

from typing import final

from strongroom.core.failures import Invalid, NotPermitted
from strongroom.core.hosts import Host, is_address
from strongroom.core.llm.base_urls import BaseUrl
from strongroom.outbound.addresses import AddressGuard

METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata", "instance-data"})
"""Names under which clouds answer questions about the machine that asks."""
LOCALHOST = "localhost"
LOOPBACK = ("127.0.0.1", "::1")
"""What that name and all below it stand for, whatever a resolver says (RFC 6761 section 6.3)."""


@final
class GuardedDestinations:
    """Implements `Destinations`. `has_private` says whether the operator has listed ranges of its own network.

    Plain http is for those: a name may lead there, and is dialled there or not at all.
    """

    def __init__(self, *, guard: AddressGuard, has_private: bool) -> None:
        self._guard = guard
        self._has_private = has_private

    def require_allowed(self, base: BaseUrl) -> None:
        """Raise `Invalid` for a URL that would never be dialled."""
        host, scheme = base.host, base.destination.scheme
        if host in METADATA_NAMES:
            raise Invalid("must not be a cloud's metadata service", field="base_url")
        if host == LOCALHOST or host.endswith(f".{LOCALHOST}"):
            self._check(host, *LOOPBACK, port=base.destination.port)
        if is_address(host):
            self._check(host, host, port=base.destination.port)
            if scheme == "http" and not self._guard.is_listed(host):
                raise Invalid("must be https", field="base_url")
        elif scheme == "http" and not self._has_private:
            raise Invalid(
                "must be https; plain http is for hosts in ranges that the operator lists in "
                "STRONGROOM_EGRESS_ALLOW_PRIVATE",
                field="base_url",
            )

    def _check(self, host: Host, *addresses: str, port: int) -> None:
        """Raise `Invalid` unless one of the addresses may be asked."""
        refusals = [refused for address in addresses if (refused := self._refusal(host, address, port)) is not None]
        if len(refusals) == len(addresses):
            raise Invalid(f"may not be asked: {refusals[0]}", field="base_url")

    def _refusal(self, host: Host, address: str, port: int) -> NotPermitted | None:
        try:
            self._guard.check(host, address, port)
        except NotPermitted as refused:
            return refused
        return None
