"""What lies in others' vaults, counted for a Prometheus registry to collect."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import GaugeMetricFamily, Metric

from strongroom.services.custody_ports import Standing
from strongroom.services.sweeper import Sweeper


@final
class Elsewhere:
    """How many items there are of each standing: those that are dropping should pass, those that are lost do not."""

    def __init__(self, sweeper: Sweeper) -> None:
        self._sweeper = sweeper

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        items = GaugeMetricFamily(
            "strongroom_custody_items", "What lies in others' vaults, by how it stands.", labels=["standing"]
        )
        for standing in Standing:
            items.add_metric([standing.value], self._sweeper.counts.get(standing, 0))
        yield items
