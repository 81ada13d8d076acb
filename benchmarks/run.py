"""A whole run, from starting the contestants to the report."""

import os
from contextlib import ExitStack
from pathlib import Path

from benchmarks import sections
from benchmarks.contestants import direct, mitmproxy, strongroom
from benchmarks.contestants.contestant import Contestant
from benchmarks.outcome import Section
from benchmarks.place import Place, furnished
from benchmarks.report import TIMES, Report, machine, spread_note
from benchmarks.rounds import say
from benchmarks.scenarios import Pace

ALL = (direct.NAME, strongroom.NAME, mitmproxy.NAME)
BUSY = 0.5
"""A load average above this, before anything began, disturbs what is measured."""


def run(scratch: Path, pace: Pace, names: frozenset[str]) -> Report:
    """Measure the named contestants. Raises `BenchmarkFailed` where figures would be wrong."""
    load_before = os.getloadavg()[0]
    with ExitStack() as stack:
        place = stack.enter_context(furnished(scratch))
        contestants = _started(place, names, stack)
        found = [sections.requests(place, contestants, pace)]
        ours = next((contestant for contestant in contestants if contestant.name == strongroom.NAME), None)
        if ours is not None:
            found.append(sections.latency(place, contestants, pace, found[0]))
        found.append(sections.stream(place, contestants, pace))
        if ours is not None:
            found += sections.full_server(place, ours, pace)
    return Report(
        sections=tuple(found),
        notes=_notes(place, pace, found, load_before),
        versions={contestant.name: contestant.version for contestant in contestants},
    )


def _started(place: Place, names: frozenset[str], stack: ExitStack) -> list[Contestant]:
    contestants = []
    if direct.NAME in names:
        contestants.append(direct.direct(place))
    if strongroom.NAME in names:
        say("starting strongroom")
        contestants.append(stack.enter_context(strongroom.strongroom(place)).contestant())
    if mitmproxy.NAME in names:
        say("starting mitmproxy")
        contestants.append(stack.enter_context(mitmproxy.mitmproxy(place)))
    return contestants


def _notes(place: Place, pace: Pace, found: list[Section], load_before: float) -> tuple[str, ...]:
    notes = [
        f"{TIMES}: the ratio to Strongroom in the same run. CPU: that of the proxy's process alone, user and system.",
        f"{pace.seconds:g} s per measurement after {pace.warm_up:g} s of warming up. {spread_note(found)}",
        f"{machine()} {place.cores.sentence()}",
    ]
    if load_before > BUSY:
        notes.append(f"The machine was busy before this began (load average {load_before:.2f}): run it again.")
    return tuple(notes)
