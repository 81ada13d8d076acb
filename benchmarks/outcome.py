"""What was measured, and what is said of it: medians over rounds, ratios between contestants."""

from dataclasses import dataclass
from statistics import median
from typing import final

from benchmarks.load.job import Measured
from benchmarks.scenarios import MEGABYTE, Scenario


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One round. None is what this machine cannot tell, or what does not apply."""

    requests: int
    cpu_us: float | None
    """CPU time of the contestant's process for one request."""
    rps: float
    p50_ms: float
    p99_ms: float
    mb_per_second: float
    growth_mib: float | None = None
    """How far resident memory rose above where it stood before."""

    @classmethod
    def of(cls, measured: Measured, scenario: Scenario, growth_bytes: int | None = None) -> "Sample":
        """Turn counts into figures."""
        rps = measured.requests / measured.seconds
        cpu = measured.cpu_seconds
        return cls(
            requests=measured.requests,
            cpu_us=None if cpu is None else cpu / measured.requests * 1e6,
            rps=rps,
            p50_ms=measured.p50_us / 1000,
            p99_ms=measured.p99_us / 1000,
            mb_per_second=rps * scenario.reply_bytes / MEGABYTE,
            growth_mib=None if growth_bytes is None else growth_bytes / 2**20,
        )


METRICS = ("cpu_us", "rps", "p50_ms", "p99_ms", "mb_per_second", "growth_mib")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All rounds of one contestant in one scenario."""

    scenario: Scenario
    contestant: str
    samples: tuple[Sample, ...]

    def figure(self, metric: str) -> float | None:
        """Return the median of a metric, of growth the most; None if no round could tell."""
        known = self._known(metric)
        return (max if metric == "growth_mib" else median)(known) if known else None

    def spread(self, metric: str) -> float | None:
        """Return how far apart the rounds lie, as a share of their median."""
        known = self._known(metric)
        return (max(known) - min(known)) / median(known) if known and median(known) else None

    def _known(self, metric: str) -> list[float]:
        return [value for sample in self.samples if (value := getattr(sample, metric)) is not None]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Outcomes that belong into one table. Each is compared with the base contestant in the same scenario."""

    title: str
    base: str
    outcomes: tuple[Outcome, ...]

    def ratio(self, outcome: Outcome, metric: str) -> float | None:
        """Return an outcome's metric divided by the base's; None where either is unknown, or the base is nought."""
        above, below = outcome.figure(metric), self.figure_of(self.base, outcome.scenario, metric)
        return above / below if above is not None and below else None

    def figure_of(self, contestant: str, scenario: Scenario, metric: str) -> float | None:
        """Return the figure of a contestant in a scenario; None if it is not here."""
        for outcome in self.outcomes:
            if outcome.contestant == contestant and outcome.scenario == scenario:
                return outcome.figure(metric)
        return None
