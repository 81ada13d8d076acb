"""A whole run: everybody started, measured in turns, and what must hold judged."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, final

import msgspec

from benchmarks.llm import gateways
from benchmarks.llm.gateways import LITELLM, STRONGROOM, Gateway
from benchmarks.llm.rotation import Rotations, rotations
from benchmarks.llm.streams import first_bytes
from benchmarks.load.job import Job, Measured, Route
from benchmarks.processes import BenchmarkFailed, Child, Cores, running

CONNECTIONS = (1, 16, 64)
STREAMS = 16
TIMES_FASTER = 5.0
"""How many times LiteLLM's requests a second and core there have to be."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How thorough a run is."""

    rounds: int
    seconds: float
    warm_up: float
    at_least: int
    """How many replies a figure must rest on, however long they take."""


USUAL = Pace(rounds=3, seconds=3.0, warm_up=1.0, at_least=100)
QUICK = Pace(rounds=1, seconds=1.0, warm_up=0.5, at_least=20)


@final
@dataclass(slots=True, kw_only=True)
class Figures:
    """Each round of one gateway at so many connections."""

    cpu_us: list[float] = field(default_factory=list)
    rps: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    first_p99_ms: list[float] = field(default_factory=list)

    def of(self, name: str) -> float | None:
        """Return the median of a figure."""
        values = getattr(self, name)
        return median(values) if values else None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run found."""

    figures: dict[tuple[int, str], Figures]
    rotations: Rotations
    versions: dict[str, str]
    cores: str
    pace: Pace
    load: float

    def times(self, connections: int, name: str) -> float | None:
        """Return how many times Strongroom's figure another's is."""
        pair = [self.figures[connections, each].of(name) for each in (LITELLM, STRONGROOM)]
        return pair[0] / pair[1] if pair[0] and pair[1] else None

    def as_json(self) -> dict[str, Any]:
        """Return everything, single rounds included."""
        rows = [
            {"connections": connections, "gateway": name, **{slot: getattr(found, slot) for slot in found.__slots__}}
            for (connections, name), found in self.figures.items()
        ]
        return {"versions": self.versions, "results": rows, "rotations": msgspec.to_builtins(self.rotations)}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What measures."""

    scratch: Path
    cores: Cores
    load: Child

    @contextmanager
    def beside_a_neighbour(self) -> Iterator[None]:
        """Keep the other core busy whenever load generator and vendor leave it idle: see `neighbour.py`."""
        if self.cores.rest is None:
            yield
            return
        with tempfile.TemporaryDirectory(prefix="neighbour-", dir=self.scratch) as directory:
            command = [sys.executable, "-m", "benchmarks.neighbour"]
            with running(command, scratch=Path(directory), cores=self.cores.rest) as child:
                child.hear()
                yield

    def measure(self, gateway: Gateway, connections: int, pace: Pace) -> Measured:
        """Keep so many connections busy."""
        job = Job(
            route=Route(host=gateway.host, port=gateway.port),
            request=gateway.request().decode(),
            reply_bytes=len(gateway.once()),
            connections=connections,
            seconds=pace.seconds,
            warm_up=pace.warm_up,
            warm_replies=2 * connections + 10,  # the first ones make connections, and LiteLLM imports more
            at_least=pace.at_least,
            cpu_of=gateway.pid,
        )
        measured = msgspec.convert(self.load.ask(job), Measured)
        if measured.failure is not None:
            raise BenchmarkFailed(f"{gateway.name}: a request failed: {measured.failure}")
        return measured


def run(scratch: Path, pace: Pace, names: Sequence[str]) -> Result:
    """Measure. Raises `BenchmarkFailed` where figures would be wrong."""
    load, cores = os.getloadavg()[0], Cores.of_this_machine()
    with ExitStack() as stack:

        def start(module: str) -> Child:
            directory = scratch / module
            directory.mkdir()
            return stack.enter_context(running([sys.executable, "-m", module], scratch=directory, cores=cores.rest))

        place = Place(scratch=scratch, cores=cores, load=start("benchmarks.load"))
        upstream = start("benchmarks.llm.upstream").hear()["port"]
        server = stack.enter_context(gateways.strongroom(scratch / STRONGROOM, cores, upstream))
        compared = [gateways.direct(upstream), server.gateway]
        if LITELLM in names:
            say("starting litellm")
            compared.append(stack.enter_context(gateways.litellm(scratch / LITELLM, cores, upstream)))
        if cores.rest is not None:
            os.sched_setaffinity(0, cores.rest)  # this process reads the streams
        figures = {(count, each.name): Figures() for count in CONNECTIONS for each in compared}
        for turn in range(pace.rounds):
            for count in CONNECTIONS:
                for gateway in compared:
                    say(f"{count} connections: {gateway.name}, round {turn + 1} of {pace.rounds}")
                    _round(place, gateway, count, pace, figures[count, gateway.name])
        for count in {1, STREAMS} & set(CONNECTIONS):
            for _ in range(pace.rounds):
                for gateway in compared:
                    say(f"streams on {count} connections: {gateway.name}")
                    found = asyncio.run(first_bytes(gateway, count, pace.seconds, pace.warm_up))
                    figures[count, gateway.name].first_ms.append(found.p50_ms)
                    figures[count, gateway.name].first_p99_ms.append(found.p99_ms)
        say("rotating under load")
        turned = asyncio.run(rotations(server, max(3.0, pace.seconds)))
    return Result(
        figures=figures,
        rotations=turned,
        versions={each.name: each.version for each in compared if each.version},
        cores=cores.sentence(),
        pace=pace,
        load=load,
    )


def _round(place: Place, gateway: Gateway, connections: int, pace: Pace, into: Figures) -> None:
    free = place.measure(gateway, connections, pace)
    into.rps.append(free.requests / free.seconds)
    into.p50_ms.append(free.p50_us / 1000)
    into.p99_ms.append(free.p99_us / 1000)
    if gateway.pid is None:
        return
    with place.beside_a_neighbour():
        crowded = place.measure(gateway, connections, pace)
    if crowded.cpu_seconds is not None:
        into.cpu_us.append(crowded.cpu_seconds / crowded.requests * 1e6)


def say(what: str) -> None:
    """Tell the one who waits; standard output is for the result."""
    print(what, file=sys.stderr, flush=True)


def dumped(result: Result) -> str:
    """Return the result as one JSON object."""
    return json.dumps(result.as_json(), ensure_ascii=False)
