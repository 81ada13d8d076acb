"""The one way out of a process: one guard, one dialer, one set of trusted roots, for all that it sends.

Agents' requests and our own calls alike go this way, so what is allowed, pinned and trusted cannot differ between them.
"""

import ssl
from dataclasses import dataclass
from typing import Self, final

from strongroom.assembly.doors import Doors
from strongroom.outbound import AddressGuard, Dialer, trust
from strongroom.outbound.control import ControlClient
from strongroom.settings import Settings

CUSTODY_SECONDS = 30.0
"""How long another vault may take for one call (contract skyvern-credentials 7.4)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What dials. None of it leads back to our own doors."""

    guard: AddressGuard
    """Judges every address."""
    dialer: Dialer
    context: ssl.SSLContext
    """How TLS is spoken where HTTP/1.1 alone is."""
    control: ControlClient
    """Sends our own short calls."""
    custody: ControlClient
    """Asks other vaults: the same, but for http to addresses that are listed, and slower."""

    @classmethod
    def of(cls, settings: Settings, doors: Doors, roots: str) -> Self:
        """Trust these roots, and the operator's own. Raises `NotReady` if a certificate cannot be read."""
        contexts = trust.upstream_contexts(_trusted(settings, roots))
        context = contexts[trust.OFFERS[0]]
        guard = AddressGuard(allowed=settings.egress_allow_private, own_doors={doors.api, doors.proxy})
        dialer = Dialer(guard=guard, ssl_contexts=contexts, resolve_pins=settings.resolve)
        return cls(
            guard=guard,
            dialer=dialer,
            context=context,
            control=ControlClient(
                dialer=dialer, guard=guard, ssl_context=context, insecure=settings.insecure_upstreams
            ),
            custody=ControlClient(
                dialer=dialer,
                guard=guard,
                ssl_context=context,
                insecure=True,  # every such call says `ordinary_only`
                timeout=CUSTODY_SECONDS,
            ),
        )


def _trusted(settings: Settings, roots: str) -> str:
    if settings.upstream_ca_file is None:
        return roots
    return roots + trust.read_certificates(settings.upstream_ca_file, setting="STRONGROOM_UPSTREAM_CA_FILE")
