"""Who is let in at the API, put together: keys of ours, and tokens of the issuer that the operator trusts."""

from collections.abc import Iterable, Iterator
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.core.failures import NotTaken
from strongroom.edge import Edge
from strongroom.egress import custody_client
from strongroom.ground import Doors, Ground
from strongroom.services.authentication import Authentication
from strongroom.services.entrance import Entrance, Issued
from strongroom.services.first_sight import FirstSight
from strongroom.services.foreign_tokens import ForeignTokens
from strongroom.services.issuer_keys import IssuerKeys
from strongroom.services.known_callers import KnownCallers
from strongroom.settings import Settings


def entrance(settings: Settings, edge: Edge, doors: Doors, ground: Ground, roots: str) -> Entrance:
    """Put the entrance together."""
    known = KnownCallers()
    return Entrance(
        keys=Authentication(tenants=ground.store.tenants, known=known),
        issued=_foreign(settings, edge, doors, ground, roots),
        known=known,
        clock=edge.clock,
    )


def _foreign(settings: Settings, edge: Edge, doors: Doors, ground: Ground, roots: str) -> Iterator[Issued]:
    if settings.jwt_issuer is None or settings.jwt_audience is None:
        return
    keys = IssuerKeys(
        control=custody_client(settings, doors, roots),
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
