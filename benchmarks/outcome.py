"""What was measured, and what is said of it: medians over rounds, ratios between contestants."""

from dataclasses import dataclass, replace
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
    rest_mib: float | None = None
    """How much memory was resident before."""
    growth_mib: float | None = None
    """How far resident memory rose above that."""
    opened_per_1000: float | None = None
    """Connections to the upstream that were made for a thousand requests."""

    @classmethod
    def of(cls, measured: Measured, scenario: Scenario, rest_bytes: int | None, peak_bytes: int | None) -> "Sample":
        """Turn counts into figures."""
        rps = measured.requests / measured.seconds
        cpu = measured.cpu_seconds
        return cls(
            requests=measured.requests,
            cpu_us=None if cpu is None else cpu / measured.requests * 1e6,
            rps=rps,
            p50_ms=measured.p50_us / 1000,
            p99_ms=measured.p99_us / 1000,
            mb_per_second=rps * max(scenario.reply_bytes, scenario.body_bytes) / MEGABYTE,
            rest_mib=None if rest_bytes is None else rest_bytes / 2**20,
            growth_mib=None if rest_bytes is None or peak_bytes is None else (peak_bytes - rest_bytes) / 2**20,
        )

    def with_cpu_of(self, crowded: "Sample") -> "Sample":
        """Take the CPU time from a window beside a busy core; there, latency is not the proxy's alone."""
        return replace(self, cpu_us=crowded.cpu_us)


METRICS = ("cpu_us", "rps", "p50_ms", "p99_ms", "mb_per_second", "rest_mib", "growth_mib", "opened_per_1000")


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
    about: str = "requests"
    """Which figures its table shows: of `requests`, `streams` or `memory`."""
    flat: bool = False
    """Whether all that are compared in it ought to cost the same."""

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
