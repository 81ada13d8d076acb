"""The deliverer of webhooks with what it works with; in the server's own process, whoever runs the proxies."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import CounterMetricFamily, Metric

from strongroom.core.webhooks import State
from strongroom.edge import Edge
from strongroom.egress import control_client
from strongroom.ground import Doors, Ground
from strongroom.outbound.webhooks import HttpWebhookSender
from strongroom.services.deliverer import Deliverer
from strongroom.settings import Settings


def deliverer(settings: Settings, edge: Edge, doors: Doors, ground: Ground, roots: str) -> Deliverer:
    """Put the deliverer together. Nothing runs yet."""
    return Deliverer(
        outbox=ground.store.outbox,
        sender=HttpWebhookSender(client=control_client(settings, doors, roots)),
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
