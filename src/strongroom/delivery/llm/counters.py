"""What the gateway counts: plain integers, raised on the way and read by whoever exports them."""

from collections import Counter
from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from strongroom.core.llm.families import Operation
from strongroom.core.llm.uses import Finish
from strongroom.delivery.llm.refusals import Code

OUTCOMES = (*(finish.value for finish in Finish if finish is not Finish.REFUSED), *(code.value for code in Code))
"""How a request ended: passed on, or refused and why."""
ANSWERED = "answered"
ATTEMPTS = (ANSWERED, *(code.value for code in Code))


@final
class Counters:
    """The counts of one gateway. A Prometheus registry can collect from it. Every label is from a fixed list."""

    __slots__ = ("attempts", "bytes_to_client", "bytes_to_upstream", "crashes", "open", "refused", "requests")

    def __init__(self) -> None:
        self.requests: Counter[tuple[Operation, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.bytes_to_client = 0
        self.bytes_to_upstream = 0
        self.crashes = 0
        self.open = 0

    def collect(self) -> Iterable[Metric]:
        """Return the counts as Prometheus knows them."""
        requests = CounterMetricFamily(
            "strongroom_llm_requests",
            "Requests of known gateway keys, by how they ended.",
            labels=("operation", "outcome"),
        )
        for operation in Operation:
            for outcome in OUTCOMES:
                requests.add_metric([operation.value, outcome], self.requests[operation, outcome])
        yield requests
        refused = CounterMetricFamily(
            "strongroom_llm_refusals", "Requests that were answered by the gateway itself, by reason.", labels=("code",)
        )
        for code in Code:
            refused.add_metric([code.value], self.refused[code.value])
        yield refused
        attempts = CounterMetricFamily(
            "strongroom_llm_attempts", "Requests to upstreams, by what came of them.", labels=("outcome",)
        )
        for outcome in ATTEMPTS:
            attempts.add_metric([outcome], self.attempts[outcome])
        yield attempts
        yield _counter("bytes_to_upstream", "Bytes of bodies sent to upstreams.", self.bytes_to_upstream)
        yield _counter("bytes_to_client", "Bytes of bodies sent to clients.", self.bytes_to_client)
        yield _counter("crashes", "Requests given up because of a mistake in the gateway.", self.crashes)
        yield GaugeMetricFamily("strongroom_llm_open", "Requests and streams under way now.", value=self.open)


def _counter(name: str, sentence: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"strongroom_llm_{name}", sentence, value=value)
