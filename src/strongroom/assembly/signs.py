"""By what others see how a server is: whether it can serve, and what it has counted."""

from collections.abc import Iterable
from typing import final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from strongroom.assembly.egress import Proxies
from strongroom.services.ports import Tenants


@final
class Signs:
    """`counted` are all that count, the egress proxy among them."""

    def __init__(self, *, tenants: Tenants, egress: Proxies, counted: Iterable[Collector]) -> None:
        self._tenants = tenants
        self._egress = egress
        self._registry = CollectorRegistry()
        for each in counted:
            self._registry.register(each)

    async def ready(self) -> None:
        """Return if the database answers and the proxy serves. Raises a `Failure` that says what does not."""
        await self._tenants.organizations()
        self._egress.require_serving()

    async def metrics(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        await self._egress.counted()
        return generate_latest(self._registry)
