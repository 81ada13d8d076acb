"""A whole run, from starting the contestants to the report."""

import os
from contextlib import ExitStack
from pathlib import Path

from benchmarks.contestants import direct, mitmproxy, strongroom
from benchmarks.contestants.contestant import Contestant
from benchmarks.load.job import Route
from benchmarks.outcome import Outcome, Section
from benchmarks.place import Place, furnished
from benchmarks.report import TIMES, Report, machine, spread_note
from benchmarks.rounds import alone, in_turns, say
from benchmarks.scenarios import FLATNESS, KEEP_ALIVE, NEW_TUNNEL, STREAM, Pace, api_list

ALL = (direct.NAME, strongroom.NAME, mitmproxy.NAME)
BUSY = 0.5
"""A load average above this, before anything began, disturbs what is measured."""


def run(scratch: Path, pace: Pace, names: frozenset[str]) -> Report:
    """Measure the named contestants. Raises `BenchmarkFailed` where figures would be wrong."""
    load_before = os.getloadavg()[0]
    with ExitStack() as stack:
        place = stack.enter_context(furnished(scratch))
        contestants: list[Contestant] = []
        if direct.NAME in names:
            contestants.append(direct.direct(place))
        if strongroom.NAME in names:
            say("starting strongroom")
            contestants.append(stack.enter_context(strongroom.strongroom(place)).contestant())
        if mitmproxy.NAME in names:
            say("starting mitmproxy")
            contestants.append(stack.enter_context(mitmproxy.mitmproxy(place)))
        sections = [_requests(place, contestants, pace), _stream(place, contestants, pace)]
        if strongroom.NAME in names:
            sections += _strongroom_alone(place, contestants, pace)
    return Report(
        sections=tuple(sections),
        notes=_notes(place, pace, sections, load_before),
        versions={contestant.name: contestant.version for contestant in contestants},
    )


def _requests(place: Place, contestants: list[Contestant], pace: Pace) -> Section:
    outcomes: list[Outcome] = []
    for scenario in (*KEEP_ALIVE, NEW_TUNNEL):
        outcomes += in_turns(place, scenario, contestants, pace)
    title = "A request: 1 KiB of JSON, TLS on both sides, one header substituted"
    return Section(title=title, base=strongroom.NAME, outcomes=tuple(outcomes))


def _stream(place: Place, contestants: list[Contestant], pace: Pace) -> Section:
    outcomes = in_turns(place, STREAM, contestants, pace)
    return Section(title="A long reply, streamed", base=strongroom.NAME, outcomes=tuple(outcomes))


def _strongroom_alone(place: Place, contestants: list[Contestant], pace: Pace) -> list[Section]:
    """Measure what only concerns us: that a full server is as fast as an empty one, and the API."""
    one = next(contestant for contestant in contestants if contestant.name == strongroom.NAME)
    with strongroom.strongroom(place, "strongroom-full") as full:
        say(f"storing {pace.credentials} credentials")
        vaults = full.fill(pace.credentials)
        few = full.contestant(f"{pace.credentials:,} stored, {strongroom.PER_VAULT} of them in the session")
        all_of_them = full.contestant(f"{pace.credentials:,} stored, all of them in the session", vaults)
        flatness = in_turns(place, FLATNESS, [one, few, all_of_them], pace)
        path = f"/v1/vaults/{full.vault}/credentials?limit={strongroom.PER_VAULT}"
        api = alone(place, api_list(path, len(full.api.get(path))), _of_api(full), pace, _headers(full))
    return [
        Section(
            title="Strongroom with one stored credential and with many",
            base=strongroom.NAME,
            outcomes=tuple(flatness),
        ),
        Section(title="Strongroom's API", base=strongroom.NAME, outcomes=(api,)),
    ]


def _of_api(server: strongroom.Server) -> Contestant:
    host, port = server.api.authority
    return Contestant(
        name=strongroom.NAME, version="", route=Route(host=host, port=port), authorization="", child=server.child
    )


def _headers(server: strongroom.Server) -> dict[str, str]:
    return {"Host": "{}:{}".format(*server.api.authority), **server.api.headers}


def _notes(place: Place, pace: Pace, sections: list[Section], load_before: float) -> tuple[str, ...]:
    notes = [
        f"{TIMES}: the ratio to Strongroom in the same run. CPU: that of the proxy's process alone, user and system.",
        f"{pace.seconds:g} s per measurement after {pace.warm_up:g} s of warming up. {spread_note(sections)}",
        f"{machine()} {place.cores.sentence()}",
    ]
    if load_before > BUSY:
        notes.append(f"The machine was busy before this began (load average {load_before:.2f}): run it again.")
    return tuple(notes)
