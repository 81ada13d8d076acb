"""Who is let in at the API, put together: keys of ours, and tokens of the issuer that the operator trusts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.failures import NotTaken
from strongroom.services.authentication import Authentication
from strongroom.services.entrance import Entrance, Issued
from strongroom.services.first_sight import FirstSight
from strongroom.services.foreign_tokens import ForeignTokens
from strongroom.services.identities import IdentityKeyService, IdentityRing
from strongroom.services.installation import TOKEN_KEYS
from strongroom.services.issuer_keys import IssuerKeys
from strongroom.services.issuing import Issuing
from strongroom.services.known_callers import KnownCallers
from strongroom.services.organizations import OrganizationService


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Admitting:
    """Who lets in, and who issues tokens to holders of keys, if anybody does."""

    entrance: Entrance
    issuing: Issuing | None


def identity_keys(site: Site, ground: Ground) -> IdentityKeyService:
    """Put together who shows and rotates the keys of sessions' identities."""
    ring = IdentityRing(sealed=ground.store.sealed, seal=ground.keyring)
    return IdentityKeyService(ring=ring, gate=ground.gate, clock=site.edge.clock, issuer=site.public_url)


def admitting(site: Site, ground: Ground, organizations: OrganizationService) -> Admitting:
    """Put everything together."""
    edge = site.edge
    known = KnownCallers()
    keys = Authentication(tenants=ground.store.tenants, known=known)
    issuing = None
    if site.settings.issues_tokens:
        issuing = Issuing(
            url=site.public_url,
            ring=IdentityRing(sealed=ground.store.sealed, seal=ground.keyring, name=TOKEN_KEYS),
            keys=keys,
            organizations=organizations,
            sign_ins=ground.store.sign_ins,
            gate=ground.gate,
            clock=edge.clock,
            new_id=edge.new_id,
            entropy=edge.entropy,
        )
    issued = [*([] if issuing is None else [issuing]), *_foreign(site, ground)]
    return Admitting(entrance=Entrance(keys=keys, issued=issued, known=known, clock=edge.clock), issuing=issuing)


def _foreign(site: Site, ground: Ground) -> Iterator[Issued]:
    settings, edge = site.settings, site.edge
    if settings.jwt_issuer is None or settings.jwt_audience is None:
        return
    keys = IssuerKeys(
        control=site.outside.custody,
        issuer=settings.jwt_issuer,
        key_set_url=settings.jwks_url,
        clock=edge.clock,
    )
    homes = FirstSight(
        tenants=ground.store.tenants,
        gate=ground.gate,
        clock=edge.clock,
        new_id=edge.new_id,
        makes=settings.jwt_new_organizations,
        otherwise=settings.jwt_organization,
    )
    yield ForeignTokens(
        keys=keys, issuer=settings.jwt_issuer, audience=settings.jwt_audience, homes=homes, clock=edge.clock
    )


@final
class EntranceCounts:
    """How many tokens were not taken, for a Prometheus registry to collect."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        refused = CounterMetricFamily(
            "strongroom_bearer_tokens_refused", "Tokens of issuers that were not taken, by reason.", labels=["code"]
        )
        for why in NotTaken:
            refused.add_metric([why.value], self._entrance.refused[why])
        yield refused
