"""What keeps others' vaults in order, put together: the sweeper with its counts, and organizations' own settings."""

from collections.abc import Iterable
from typing import final

from prometheus_client.core import GaugeMetricFamily, Metric

from strongroom.assembly.ground import Ground
from strongroom.assembly.site import Site
from strongroom.core.credentials.credential import OURS
from strongroom.custody.custom import HttpServiceCheck
from strongroom.services.custodian_checks import CustodianChecks
from strongroom.services.custody_ports import Standing
from strongroom.services.provider_settings import ProviderSettingsService
from strongroom.services.sweeper import Sweeper


def sweeper(site: Site, ground: Ground) -> Sweeper:
    """Put the sweeper together."""
    return Sweeper(items=ground.store.custody_items, remover=ground.custodian, clock=site.edge.clock)


def provider_settings(site: Site, ground: Ground) -> ProviderSettingsService:
    """Put the use cases on organizations' own settings together."""
    return ProviderSettingsService(
        book=ground.settings_book,
        check=HttpServiceCheck(control=site.outside.custody),
        listing=ground.vaults.bitwarden,
        gate=ground.gate,
        clock=site.edge.clock,
        new_id=site.edge.new_id,
    )


def custodian_checks(site: Site, ground: Ground) -> CustodianChecks:
    """Put together what asks vaults how they stand."""
    return CustodianChecks(
        ours=OURS, vaults=ground.vaults.all, default=site.settings.default_custodian, gate=ground.gate
    )


@final
class Elsewhere:
    """How many items there are of each standing: those that are dropping should pass, those that are lost do not."""

    def __init__(self, sweeper: Sweeper) -> None:
        self.sweeper = sweeper

    def collect(self) -> Iterable[Metric]:
        """Yield the counts."""
        items = GaugeMetricFamily(
            "strongroom_custody_items", "What lies in others' vaults, by how it stands.", labels=["standing"]
        )
        for standing in Standing:
            items.add_metric([standing.value], self.sweeper.counts.get(standing, 0))
        yield items
