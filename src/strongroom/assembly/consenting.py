"""The connecting use cases with what they stand on: our own calls, the store, and where browsers bring answers."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import final

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.hosts import Host, is_address
from strongroom.core.mcp_urls import McpUrl
from strongroom.dialects.native.authorizations import CALLBACK, CLIENT
from strongroom.outbound.token_endpoint import HttpTokenEndpoint
from strongroom.services.attempts import Attempts
from strongroom.services.connecting import Connecting, Holders
from strongroom.services.credentials import CredentialService
from strongroom.services.discovering import Discovering
from strongroom.services.landing import Landing
from strongroom.services.opening import Opening
from strongroom.services.redeeming import Redeeming
from strongroom.services.registering import Registering


@final
@dataclass(frozen=True, slots=True)
class Public:
    """Where browsers bring answers, and where servers read who we are; None where they cannot reach us.

    An answer comes to https, or to this machine (MCP, communication security); a document is https.
    """

    callback: str | None
    client: str | None

    @classmethod
    def of(cls, site: Site) -> "Public":
        """Read the settings: without a public URL, a server that listens on loopback is reached there."""
        base = site.settings.public_url or site.api_url(site.settings.host)
        url = McpUrl.parse(base, insecure=True)
        reached = url.scheme == "https" or _is_loopback(url.host)
        return cls(
            callback=base + CALLBACK if reached else None, client=base + CLIENT if url.scheme == "https" else None
        )


def connecting(site: Site, ground: Ground, *, credentials: CredentialService, authentication: Holders) -> Connecting:
    """Put the use cases together."""
    edge, control, insecure = site.edge, site.outside.control, site.settings.insecure_upstreams
    store, endpoint, public = ground.store, HttpTokenEndpoint(client=control), Public.of(site)
    attempts = Attempts(seal=ground.keyring)
    landing = Landing(
        service=credentials,
        credentials=store.credentials,
        vaults=store.vaults,
        custodian=ground.custodian,
        gate=ground.gate,
    )
    opening = Opening(
        discovering=Discovering(control=control, insecure=insecure),
        registering=Registering(control=control, clock=edge.clock, document=public.client),
        endpoint=endpoint,
        landing=landing,
        authorizations=store.authorizations,
        attempts=attempts,
        gate=ground.gate,
        clock=edge.clock,
        new_id=edge.new_id,
        entropy=edge.entropy,
        callback=public.callback,
        insecure=insecure,
    )
    return Connecting(
        opening=opening,
        authorizations=store.authorizations,
        attempts=attempts,
        redeeming=Redeeming(endpoint=endpoint),
        landing=landing,
        authentication=authentication,
        gate=ground.gate,
        clock=edge.clock,
    )


def _is_loopback(host: Host) -> bool:
    return ip_address(host).is_loopback if is_address(host) else host == "localhost"
