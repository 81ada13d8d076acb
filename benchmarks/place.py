"""What a run has in common: the upstream, the load generator, the secret, and where everything lies."""

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

import msgspec

from benchmarks.certificates import Certificates, issue
from benchmarks.load.job import Job, Measured
from benchmarks.processes import BenchmarkFailed, Child, Cores, running
from benchmarks.upstream import Counts, Serving

HOST = "bench.test"
"""The upstream's name. Only the proxies know its address; a name under .test exists nowhere else (RFC 6761)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Everything but the contestants."""

    scratch: Path
    cores: Cores
    certificates: Certificates
    secret: str
    port: int
    """Where the upstream listens on 127.0.0.1."""
    upstream: Child
    load: Child
    neighbours: bool
    """Whether CPU time is measured beside a busy core, where a scenario asks for that."""

    @property
    def authority(self) -> str:
        """The upstream as requests name it."""
        return f"{HOST}:{self.port}"

    def directory(self, name: str) -> Path:
        """Return a new directory for a contestant's files."""
        made = self.scratch / name
        made.mkdir()
        return made

    def counts(self) -> Counts:
        """Return what the upstream saw since the last question."""
        return msgspec.convert(self.upstream.ask("counts"), Counts)

    def measure(self, job: Job) -> Measured:
        """Run one job. Raises `BenchmarkFailed` if any of its replies was not what it must be."""
        measured = msgspec.convert(self.load.ask(job), Measured)
        if measured.failure is not None:
            raise BenchmarkFailed(f"a request failed: {measured.failure}")
        return measured

    @property
    def has_neighbours(self) -> bool:
        """Whether there is a core beside the proxy's to keep busy, and it shall be."""
        return self.neighbours and self.cores.rest is not None

    @contextmanager
    def beside_a_neighbour(self) -> Iterator[Child]:
        """Keep the core of load generator and upstream busy whenever they leave it idle."""
        with tempfile.TemporaryDirectory(prefix="neighbour-", dir=self.scratch) as directory:
            command = [sys.executable, "-m", "benchmarks.neighbour"]
            with running(command, scratch=Path(directory), cores=self.cores.rest) as child:
                child.hear()
                yield child

    def sentence(self) -> str:
        """Say for the report what ran beside the proxy."""
        if self.has_neighbours:
            return (
                "CPU per request under full load was measured in a window of its own, in which ordinary work of the "
                "lowest priority kept the core of load generator and upstream busy beside every contestant alike "
                "(`--neighbours busy`); all other figures without it."
            )
        return (
            "Nothing but load generator and upstream ran beside the proxy (`--neighbours idle`): where cores share "
            "parts, CPU per request flatters whoever leaves those two idle."
        )


@contextmanager
def furnished(scratch: Path, *, neighbours: bool) -> Iterator[Place]:
    """Start upstream and load generator; end them afterwards."""
    cores = Cores.of_this_machine()
    certificates = issue(HOST, scratch)
    secret = f"bench_{secrets.token_hex(20)}"
    with ExitStack() as stack:

        def start(module: str) -> Child:
            directory = scratch / module
            directory.mkdir()
            command = [sys.executable, "-m", module]
            return stack.enter_context(running(command, scratch=directory, cores=cores.rest))

        upstream, load = start("benchmarks.upstream"), start("benchmarks.load")
        ready = upstream.ask(Serving(authorization=f"Bearer {secret}", certificate=str(certificates.upstream)))
        yield Place(
            scratch=scratch,
            cores=cores,
            certificates=certificates,
            secret=secret,
            port=ready["port"],
            upstream=upstream,
            load=load,
            neighbours=neighbours,
        )
