"""Measures contestants in turns (A B C A B C …), so that what disturbs the machine disturbs all of them."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchmarks.contestants.contestant import Contestant
from benchmarks.load.job import Caller, Job
from benchmarks.outcome import Outcome, Sample
from benchmarks.place import Place
from benchmarks.processes import BenchmarkFailed
from benchmarks.scenarios import Pace, Scenario
from benchmarks.upstream import Counts
from benchmarks.usage import forget_peak, peak_resident_bytes, resident_bytes


def in_turns(place: Place, scenario: Scenario, contestants: Sequence[Contestant], pace: Pace) -> list[Outcome]:
    """Return each contestant's rounds. Raises `BenchmarkFailed` if one of them did not deliver the secret."""
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    for turn in range(pace.rounds):
        for contestant in contestants:
            say(f"{scenario.title}: {contestant.name}, round {turn + 1} of {pace.rounds}")
            headers = {"Host": place.authority, "Authorization": contestant.authorization}
            try:
                sample = _delivered(place, scenario, contestant, pace, headers)
                if scenario.crowded and place.has_neighbours and contestant.pid is not None:
                    say(f"{scenario.title}: {contestant.name} beside a busy core")
                    with place.beside_a_neighbour():
                        crowded = _delivered(place, scenario, contestant, pace, headers)
                    sample = sample.with_cpu_of(crowded)
            except BenchmarkFailed as failed:
                said = contestant.last_words()
                raise BenchmarkFailed(f"{scenario.title}: {contestant.name}: {failed}\n{said}".rstrip()) from None
            samples[contestant.name].append(sample)
    return [Outcome(scenario=scenario, contestant=name, samples=tuple(measured)) for name, measured in samples.items()]


def alone(place: Place, scenario: Scenario, contestant: Contestant, pace: Pace, headers: Mapping[str, str]) -> Outcome:
    """Return the rounds of a request that does not go to the upstream."""
    say(f"{scenario.title}: {pace.rounds} rounds")
    samples = tuple(_once(place, scenario, contestant, pace, headers) for _ in range(pace.rounds))
    return Outcome(scenario=scenario, contestant=contestant.name, samples=samples)


def require_secret_arrived(counts: Counts, replies: int) -> None:
    """Raise `BenchmarkFailed` unless every reply stands for a request that reached the upstream with the secret."""
    if counts.wrong or counts.right < replies:
        raise BenchmarkFailed(
            f"of {replies} replies, {counts.right} are for requests that reached the upstream with the secret; "
            f"{counts.wrong} reached it without"
        )


def say(what: str) -> None:
    """Tell the one who waits; standard output is for the result."""
    print(what, file=sys.stderr, flush=True)


def _delivered(
    place: Place, scenario: Scenario, contestant: Contestant, pace: Pace, headers: Mapping[str, str]
) -> Sample:
    sample = _once(place, scenario, contestant, pace, headers)
    counts = place.counts()
    require_secret_arrived(counts, sample.requests)
    return replace(sample, opened_per_1000=counts.connections * 1000 / counts.right)


def _once(place: Place, scenario: Scenario, contestant: Contestant, pace: Pace, headers: Mapping[str, str]) -> Sample:
    pid = contestant.pid
    before = None if pid is None else resident_bytes(pid)
    if pid is not None:
        forget_peak(pid)
    measured = place.measure(
        Job(
            route=contestant.route,
            request=_head(scenario, headers),
            reply_bytes=scenario.reply_bytes,
            body_bytes=scenario.body_bytes,
            callers=tuple(
                Caller(
                    tunnel_authorization=each.tunnel_authorization,
                    request=_head(scenario, {**headers, "Authorization": each.authorization}),
                )
                for each in contestant.sessions
            ),
            connections=scenario.connections,
            keep_alive=scenario.keep_alive,
            rate=scenario.rate,
            seconds=pace.seconds if scenario.replies is None else 0.0,
            warm_up=pace.warm_up if scenario.replies is None else 0.0,
            warm_replies=scenario.warm_replies,
            http2=scenario.http2,
            distinct=scenario.distinct,
            at_least=scenario.replies or 1,
            cpu_of=pid,
        )
    )
    peak = None if pid is None else peak_resident_bytes(pid)
    return Sample.of(measured, scenario, before, peak)


def _head(scenario: Scenario, headers: Mapping[str, str]) -> str:
    method = "POST" if scenario.body_bytes else "GET"
    lines = [f"{method} {scenario.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines.append("Accept: */*")
    if scenario.body_bytes:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {scenario.body_bytes}"]
    return "\r\n".join([*lines, "", ""])
