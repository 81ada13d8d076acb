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
from benchmarks.verdicts import verdicts

ALL = (direct.NAME, strongroom.NAME, mitmproxy.NAME)
BUSY = 0.5
"""A load average above this, before anything began, disturbs what is measured."""


def run(scratch: Path, pace: Pace, names: frozenset[str], *, neighbours: bool = True) -> Report:
    """Measure the named contestants. Raises `BenchmarkFailed` where figures would be wrong."""
    load_before = os.getloadavg()[0]
    with ExitStack() as stack:
        place = stack.enter_context(furnished(scratch, neighbours=neighbours))
        contestants: list[Contestant] = []
        if direct.NAME in names:
            contestants.append(direct.direct(place))
        server: strongroom.Server | None = None
        if strongroom.NAME in names:
            say("starting strongroom")
            server = stack.enter_context(strongroom.strongroom(place))
            contestants.append(server.contestant())
        if mitmproxy.NAME in names:
            say("starting mitmproxy")
            contestants.append(stack.enter_context(mitmproxy.mitmproxy(place)))
        found = [sections.requests(place, contestants, pace)]
        found.append(sections.memory(found[0]))
        if server is not None:
            found.append(sections.latency(place, contestants, pace, found[0]))
        found.append(sections.http2(place, contestants, pace))
        found.append(sections.stream(place, contestants, pace))
        if server is not None:
            one = server.contestant()
            found += sections.full_server(place, one, pace)
            found.append(sections.sessions(place, server, one, pace))
            found.append(sections.workers(place, pace))
    return Report(
        sections=tuple(found),
        notes=_notes(place, pace, found, load_before),
        versions={contestant.name: contestant.version for contestant in contestants},
        verdicts=verdicts(found),
    )


def _notes(place: Place, pace: Pace, found: list[Section], load_before: float) -> tuple[str, ...]:
    notes = [
        f"{TIMES}: the ratio to Strongroom in the same run. CPU: that of the proxy's process alone, user and system.",
        f"{pace.seconds:g} s per measurement after {pace.warm_up:g} s of warming up. {spread_note(found)}",
        f"{machine()} {place.cores.sentence()}",
        place.sentence(),
    ]
    if load_before > BUSY:
        notes.append(f"The machine was busy before this began (load average {load_before:.2f}): run it again.")
    return tuple(notes)
