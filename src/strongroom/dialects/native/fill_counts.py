"""What is counted of filling, for `/metrics`."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.core.failures import NotFilled
from strongroom.services.fill import FillService


@final
class FillCounts:
    """The counts of one process. A Prometheus registry can collect from it."""

    def __init__(self, fill: FillService) -> None:
        self._fill = fill

    def collect(self) -> Iterable[Metric]:
        """Yield the counts as Prometheus metrics."""
        yield CounterMetricFamily(
            "strongroom_fill_redeemed", "Placeholders that were exchanged for values.", value=self._fill.redeemed
        )
        refused = CounterMetricFamily("strongroom_fill_refused", "Refusals to fill logins, by reason.", labels=["code"])
        for why in NotFilled:
            refused.add_metric([why.value], self._fill.refused[why])
        yield refused
