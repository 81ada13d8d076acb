"""What the gateway counts: plain integers, raised on the way and read by whoever exports them."""

from collections import Counter
from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from strongroom.delivery.mcp.refusals import CODES


@final
class Counters:
    """The counts of one gateway. A Prometheus registry can collect from it."""

    __slots__ = ("bytes_to_client", "bytes_to_upstream", "crashes", "open", "refused", "replays", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.refused: Counter[str] = Counter()
        self.replays = 0
        self.bytes_to_client = 0
        self.bytes_to_upstream = 0
        self.open = 0
        self.crashes = 0

    def collect(self) -> Iterable[Metric]:
        """Yield the counts as Prometheus metrics."""
        yield _counter("requests", "Requests sent on to an MCP server.", self.requests)
        yield _counter("replays", "Requests sent again with a renewed token.", self.replays)
        yield _counter("to_client_bytes", "Bytes of answers sent to clients.", self.bytes_to_client)
        yield _counter("to_upstream_bytes", "Bytes of requests sent to MCP servers.", self.bytes_to_upstream)
        yield _counter("crashes", "Requests that ended because of an unexpected error.", self.crashes)
        refused = CounterMetricFamily("strongroom_mcp_refused", "Requests refused, by reason.", labels=["code"])
        for code in CODES:
            refused.add_metric([code], self.refused[code])
        yield refused
        yield GaugeMetricFamily("strongroom_mcp_open", "Requests and streams under way now.", value=self.open)


def _counter(name: str, sentence: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"strongroom_mcp_{name}", sentence, value=value)
