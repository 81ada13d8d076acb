"""The deliverer of webhooks with what it works with; in the server's own process, whoever runs the proxies."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.webhooks import State
from strongroom.outbound.webhooks import HttpWebhookSender
from strongroom.services.deliverer import Deliverer


def deliverer(site: Site, ground: Ground) -> Deliverer:
    """Put the deliverer together."""
    edge = site.edge
    return Deliverer(
        outbox=ground.store.outbox,
        sender=HttpWebhookSender(client=site.outside.control),
        seal=ground.keyring,
        gate=ground.gate,
        clock=edge.clock,
        entropy=edge.entropy,
        spawn=edge.spawn,
    )


@final
class Tries:
    """How tries ended, for a Prometheus registry to collect."""

    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        tries = CounterMetricFamily(
            "strongroom_webhook_tries", "Attempts to deliver an event, by what became of it.", labels=["state"]
        )
        for state in State:
            tries.add_metric([state.value], self._deliverer.tries[state])
        yield tries
