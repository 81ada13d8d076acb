"""The result as tables for people and as one object for programs."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from benchmarks.outcome import METRICS, Outcome, Section

DASH = "–"  # noqa: RUF001 - it stands where a figure would
TIMES = "×"  # noqa: RUF001 - the sign for it

COLUMNS: Mapping[str, tuple[str, str]] = {
    "cpu_us": ("CPU µs/request", "{:,.0f}"),
    "rps": ("requests/s", "{:,.0f}"),
    "p50_ms": ("p50 ms", "{:,.2f}"),
    "p99_ms": ("p99 ms", "{:,.2f}"),
    "mb_per_second": ("MB/s", "{:,.0f}"),
    "growth_mib": ("memory growth MiB", "{:,.1f}"),
}
"""Heading and format of each metric."""

OF_REQUESTS = ("cpu_us", "rps", "p50_ms", "p99_ms")
OF_STREAMS = ("mb_per_second", "cpu_us", "growth_mib")
COMPARED = frozenset({"cpu_us", "rps", "mb_per_second"})
"""Metrics that are followed by their ratio."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run: its sections, and the sentences without which the figures cannot be read."""

    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, str]

    def text(self) -> str:
        """Return everything as Markdown that lines up in a terminal."""
        parts = [f"{section.title}\n\n{table(section)}" for section in self.sections]
        return "\n\n".join([*parts, "\n".join(self.notes)])

    def as_json(self) -> dict[str, Any]:
        """Return everything, single rounds included."""
        return {
            "versions": dict(self.versions),
            "notes": list(self.notes),
            "results": [_as_json(section, outcome) for section in self.sections for outcome in section.outcomes],
        }


def table(section: Section) -> str:
    """Return a section as a table: a line per scenario and contestant, ratios to the section's base."""
    streams = any(outcome.scenario.replies for outcome in section.outcomes)
    metrics = OF_STREAMS if streams else OF_REQUESTS
    headings = ["", ""]
    for metric in metrics:
        headings += [COLUMNS[metric][0], TIMES] if metric in COMPARED else [COLUMNS[metric][0]]
    lines = [headings]
    before = ""
    for outcome in section.outcomes:
        title = outcome.scenario.title
        lines.append([title if title != before else "", outcome.contestant, *_cells(section, outcome, metrics)])
        before = title
    return _aligned(lines)


def machine() -> str:
    """Return what the figures were taken on, in a sentence."""
    cores = os.cpu_count()
    return f"{cores} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}."


def spread_note(sections: Sequence[Section]) -> str:
    """Say how far the rounds lie apart at worst: what a difference must exceed to mean anything."""
    spreads = [
        (spread, outcome)
        for section in sections
        for outcome in section.outcomes
        if len(outcome.samples) > 1 and (spread := outcome.spread("cpu_us")) is not None
    ]
    if not spreads:
        return "A single round: good for seeing that everything works, not for figures."
    worst, outcome = max(spreads, key=lambda pair: pair[0])
    return (
        f"Medians of {len(outcome.samples)} rounds; CPU per request differed between rounds by at most "
        f"{worst:.0%} ({outcome.scenario.title}: {outcome.contestant})."
    )


def _cells(section: Section, outcome: Outcome, metrics: Sequence[str]) -> list[str]:
    cells = []
    for metric in metrics:
        value = outcome.median(metric)
        cells.append(DASH if value is None else COLUMNS[metric][1].format(value))
        if metric in COMPARED:
            ratio = section.ratio(outcome, metric)
            cells.append(DASH if ratio is None else f"{ratio:,.2f}")
    return cells


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    left = 2  # the names; figures stand to the right

    def row(cells: Sequence[str]) -> str:
        pairs = enumerate(zip(cells, widths, strict=True))
        return "| " + " | ".join(c.ljust(w) if n < left else c.rjust(w) for n, (c, w) in pairs) + " |"

    rule = "|" + "|".join("-" * (w + 2) if n < left else "-" * (w + 1) + ":" for n, w in enumerate(widths)) + "|"
    return "\n".join([row(lines[0]), rule, *map(row, lines[1:])])


def _as_json(section: Section, outcome: Outcome) -> dict[str, Any]:
    return {
        "section": section.title,
        "scenario": outcome.scenario.key,
        "contestant": outcome.contestant,
        **{metric: outcome.median(metric) for metric in METRICS},
        "ratio_to": section.base,
        "ratios": {metric: section.ratio(outcome, metric) for metric in METRICS},
        "rounds": [asdict(sample) for sample in outcome.samples],
    }
