"""The result as tables for people and as one object for programs."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from benchmarks.outcome import METRICS, Outcome, Section
from benchmarks.verdicts import Verdict

DASH = "–"  # noqa: RUF001 - it stands where a figure would
TIMES = "×"  # noqa: RUF001 - the sign for it


@final
@dataclass(frozen=True, slots=True)
class Column:
    """One metric in a table: its heading, its form, perhaps another unit, and whether its ratio follows."""

    metric: str
    heading: str
    form: str
    scale: float = 1.0
    compared: bool = False

    def cells(self, section: Section, outcome: Outcome) -> list[str]:
        """Return the figure, and its ratio to the section's base where that is wanted."""
        value = outcome.figure(self.metric)
        figure = DASH if value is None else self.form.format(value * self.scale)
        if not self.compared:
            return [figure]
        ratio = section.ratio(outcome, self.metric)
        return [figure, DASH if ratio is None else f"{ratio:,.2f}"]


OF_REQUESTS = (
    Column("cpu_us", "CPU µs/request", "{:,.0f}", compared=True),
    Column("rps", "requests/s", "{:,.0f}", compared=True),
    Column("p50_ms", "p50 ms", "{:,.2f}"),
    Column("p99_ms", "p99 ms", "{:,.2f}"),
)
OF_STREAMS = (
    Column("mb_per_second", "MB/s", "{:,.0f}", compared=True),
    Column("cpu_us", "CPU ms/reply", "{:,.0f}", scale=1e-3, compared=True),
    Column("growth_mib", "memory growth MiB", "{:,.1f}"),
)
OF_MEMORY = (
    Column("rest_mib", "MiB before", "{:,.0f}", compared=True),
    Column("growth_mib", "growth MiB", "{:,.1f}"),
    Column("opened_per_1000", "new upstream connections per 1,000 requests", "{:,.2f}"),
)
COLUMNS = {"requests": OF_REQUESTS, "streams": OF_STREAMS, "memory": OF_MEMORY}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run: its sections, and the sentences without which the figures cannot be read."""

    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, str]
    verdicts: tuple[Verdict, ...] = ()

    def text(self) -> str:
        """Return everything as Markdown that lines up in a terminal."""
        parts = [f"**{section.title}**\n\n{table(section)}" for section in self.sections]
        if self.verdicts:
            parts.append(f"**What must hold**\n\n{verdict_table(self.verdicts)}")
        return "\n\n".join([*parts, "\n".join(f"- {note}" for note in self.notes)])

    def as_json(self) -> dict[str, Any]:
        """Return everything, single rounds included."""
        return {
            "versions": dict(self.versions),
            "notes": list(self.notes),
            "verdicts": [asdict(verdict) | {"met": verdict.met} for verdict in self.verdicts],
            "results": [_as_json(section, outcome) for section in self.sections for outcome in section.outcomes],
        }


def table(section: Section) -> str:
    """Return a section as a table: a line per scenario and contestant, ratios to the section's base."""
    columns = COLUMNS[section.about]
    headings = ["", ""]
    for column in columns:
        headings += [column.heading, TIMES] if column.compared else [column.heading]
    lines = [headings]
    before = ""
    for outcome in section.outcomes:
        title = outcome.scenario.title
        figures = [cell for column in columns for cell in column.cells(section, outcome)]
        lines.append([title if title != before else "", outcome.contestant, *figures])
        before = title
    return _aligned(lines)


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Return each promise with what was measured of it."""
    lines = [["", "measured", "met"]]
    lines += [[each.promise, DASH if each.value is None else f"{each.value:,.2f}", each.word] for each in verdicts]
    return _aligned(lines, left=1)


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


def _aligned(lines: list[list[str]], left: int = 2) -> str:
    """Line columns up: the first ones hold names, figures stand to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]

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
        **{metric: outcome.figure(metric) for metric in METRICS},
        "ratio_to": section.base,
        "ratios": {metric: section.ratio(outcome, metric) for metric in METRICS},
        "rounds": [asdict(sample) for sample in outcome.samples],
    }
