"""What the proxy counts: plain integers, raised on the way and read by whoever exports them."""

from collections import Counter
from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from strongroom.delivery.egress.refusals import Code


@final
class Counters:
    """The counts of one proxy. A Prometheus registry can collect from it."""

    __slots__ = (
        "bytes_to_client",
        "bytes_to_upstream",
        "clients",
        "crashes",
        "handshakes_failed",
        "refused",
        "requests",
        "unscanned_bodies",
        "upstreams_opened",
        "upstreams_reused",
    )

    def __init__(self) -> None:
        self.requests = 0
        self.refused: Counter[Code] = Counter()
        self.bytes_to_client = 0
        self.bytes_to_upstream = 0
        self.clients = 0
        self.upstreams_opened = 0
        self.upstreams_reused = 0
        self.unscanned_bodies = 0
        self.handshakes_failed = 0
        self.crashes = 0

    def collect(self) -> Iterable[Metric]:
        """Yield the counts as Prometheus metrics."""
        yield _counter("requests", "Requests forwarded to an upstream.", self.requests)
        yield _counter("to_client_bytes", "Bytes sent to clients, before TLS.", self.bytes_to_client)
        yield _counter("to_upstream_bytes", "Bytes sent to upstreams, before TLS.", self.bytes_to_upstream)
        yield _counter("upstream_connections_opened", "Connections made to upstreams.", self.upstreams_opened)
        yield _counter("upstream_connections_reused", "Requests sent on a kept connection.", self.upstreams_reused)
        yield _counter(
            "unscanned_bodies",
            "Compressed request bodies that were not searched for placeholders.",
            self.unscanned_bodies,
        )
        yield _counter("tls_handshakes_failed", "TLS handshakes with clients that failed.", self.handshakes_failed)
        yield _counter("crashes", "Connections closed because of an unexpected error.", self.crashes)
        refused = CounterMetricFamily("strongroom_egress_refused", "Requests refused, by reason.", labels=["code"])
        for code in Code:
            refused.add_metric([code.value], self.refused[code])
        yield refused
        yield GaugeMetricFamily("strongroom_egress_clients", "Client connections open now.", value=self.clients)
        yield GaugeMetricFamily("strongroom_egress_workers", "Processes that serve the proxy now.", value=1)


def _counter(name: str, sentence: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"strongroom_egress_{name}", sentence, value=value)
