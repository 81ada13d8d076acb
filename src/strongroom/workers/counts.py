"""The counts of all workers as one: the sums of what they said last, and of what those that ended had said.

So a counter never goes back when a worker is replaced. What a killed one had counted since it was
last asked, at most a second, is not known.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, final

from prometheus_client.core import Metric

from strongroom.workers.channel import Counts

_PASSING = {"gauge"}
"""Kinds that tell how things stand: what a worker that ended had said of them is over."""

_Series = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and labels."""


class Counted(Protocol):
    """Something with counts."""

    def collect(self) -> Iterable[Metric]:
        """Return them."""


def written(counted: Counted) -> Counts:
    """Return counts as a worker says them."""
    return [
        {
            "name": family.name,
            "help": family.documentation,
            "kind": family.type,
            "samples": [[sample.name, sample.labels, sample.value] for sample in family.samples],
        }
        for family in counted.collect()
    ]


@final
class Sums:
    """What was said, by whom, and what stays of those that ended."""

    def __init__(self) -> None:
        self._said: dict[int, Counts] = {}
        self._families: dict[str, tuple[str, str]] = {}
        self._past: defaultdict[str, dict[_Series, float]] = defaultdict(dict)

    def said(self, worker: int, counts: Counts) -> None:
        """Note what a worker says; it takes the place of what it had said before."""
        self._said[worker] = counts
        for family in counts:
            self._families.setdefault(family["name"], (family["help"], family["kind"]))

    def ended(self, worker: int) -> None:
        """Keep what a worker has counted, now that it is no more."""
        for family in self._said.pop(worker, ()):
            lasting = 0 if family["kind"] in _PASSING else 1
            past = self._past[family["name"]]
            for series, value in _samples(family):
                past[series] = past.get(series, 0) + value * lasting

    def collect(self) -> Iterator[Metric]:
        """Yield the sums, as Prometheus metrics."""
        totals: defaultdict[str, dict[_Series, float]] = defaultdict(dict)
        for name, past in self._past.items():
            totals[name] |= past
        for family in (family for counts in self._said.values() for family in counts):
            sums = totals[family["name"]]
            for series, value in _samples(family):
                sums[series] = sums.get(series, 0) + value
        for name, (sentence, kind) in self._families.items():
            metric = Metric(name, sentence, kind)
            for (sample, labels), value in totals[name].items():
                metric.add_sample(sample, dict(labels), value)
            yield metric


def _samples(family: Mapping[str, Any]) -> Iterator[tuple[_Series, float]]:
    for name, labels, value in family["samples"]:
        yield (name, tuple(labels.items())), value
