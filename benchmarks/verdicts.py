"""What Strongroom promises of its speed, each promise with what this run measured of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from benchmarks.contestants import direct, mitmproxy, strongroom
from benchmarks.outcome import Outcome, Section

STREAMED_AT_LEAST = 300.0
"""Megabytes in a second."""
FLAT = 1.15
"""A ratio of CPU per request up to here counts as the same: what rounds differ by on a quiet machine, and a little."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A promise, and a figure that keeps it or does not; without a figure the run could not tell."""

    promise: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it is kept."""
        if self.value is None:
            return None
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    @property
    def word(self) -> str:
        """Say so."""
        return {True: "yes", False: "NO", None: "not measured"}[self.met]


def verdicts(sections: Sequence[Section]) -> tuple[Verdict, ...]:
    """Judge a run."""
    known = _Figures(outcome for section in sections for outcome in section.outcomes)
    ours, theirs = strongroom.NAME, mitmproxy.NAME
    found: list[Verdict] = []
    for connections in (16, 64):
        key = f"keep-alive-{connections}"
        found += (
            Verdict(
                promise=f"requests per second and core at {connections} connections: at least 20 times mitmproxy's",
                value=_ratio(known(key, theirs, "cpu_us"), known(key, ours, "cpu_us")),
                at_least=20.0,
            ),
            Verdict(
                promise=f"p99 at {connections} connections: at most a tenth of mitmproxy's",
                value=_ratio(known(key, ours, "p99_ms"), known(key, theirs, "p99_ms")),
                at_most=0.1,
            ),
        )
    added = _difference(known("half-load-16", ours, "p99_ms"), known("half-load-16", direct.NAME, "p99_ms"))
    found += (
        Verdict(
            promise="requests per second at 64 connections: no fewer than at 16",
            value=_ratio(known("keep-alive-64", ours, "rps"), known("keep-alive-16", ours, "rps")),
            at_least=1.0,
        ),
        Verdict(promise="p99 added at half load: less than 2 ms", value=added, at_most=2.0),
        Verdict(
            promise="a list of 20 credentials: less than 1,000 µs CPU",
            value=known("api-list-20", ours, "cpu_us"),
            at_most=1000.0,
        ),
    )
    for key, way in (("stream-100-mb", "down"), ("upload-100-mb", "up")):
        found += (
            Verdict(
                promise=f"100 MB {way}: at least {STREAMED_AT_LEAST:g} MB/s",
                value=known(key, ours, "mb_per_second"),
                at_least=STREAMED_AT_LEAST,
            ),
            Verdict(
                promise=f"100 MB {way}: less than 64 MiB of memory growth",
                value=known(key, ours, "growth_mib"),
                at_most=64.0,
            ),
        )
    return (*found, *_flatness(sections))


def _flatness(sections: Sequence[Section]) -> Iterable[Verdict]:
    for section in sections:
        if not section.flat:
            continue
        for outcome in section.outcomes:
            if outcome.contestant != section.base and "all of them" not in outcome.contestant:
                yield Verdict(
                    promise=f"CPU per request with {outcome.contestant}: the same as with {section.base}",
                    value=section.ratio(outcome, "cpu_us"),
                    at_most=FLAT,
                )


class _Figures:
    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._outcomes = {(outcome.scenario.key, outcome.contestant): outcome for outcome in outcomes}

    def __call__(self, scenario: str, contestant: str, metric: str) -> float | None:
        outcome = self._outcomes.get((scenario, contestant))
        return None if outcome is None else outcome.figure(metric)


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _difference(more: float | None, less: float | None) -> float | None:
    return None if more is None or less is None else more - less
