"""What renews tokens in a process, put together, with its counts."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.outbound.token_endpoint import HttpTokenEndpoint
from strongroom.services.refresh import Refresher
from strongroom.services.renewal import Renewals


def refresher(site: Site, ground: Ground) -> Refresher:
    """Put it together."""
    edge = site.edge
    renewals = Renewals(
        credentials=ground.store.credentials,
        refreshes=ground.store.refreshes,
        custodian=ground.custodian,
        endpoint=HttpTokenEndpoint(client=site.outside.control),
        gate=ground.gate,
        clock=edge.clock,
        entropy=edge.entropy,
    )
    return Refresher(renewals=renewals, custodian=ground.custodian, clock=edge.clock, spawn=edge.spawn)


@final
class Exchanges:
    """How exchanges with token endpoints ended in this process, for a Prometheus registry to collect."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        ended = CounterMetricFamily(
            "strongroom_token_exchanges", "Renewals asked of token endpoints, by how they ended.", labels=["outcome"]
        )
        for outcome, count in self._refresher.counts.items():
            ended.add_metric([outcome], count)
        yield ended
