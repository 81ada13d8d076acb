"""What a run has in common: the upstream, the load generator, the secret, and where everything lies."""

import secrets
import sys
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


@contextmanager
def furnished(scratch: Path) -> Iterator[Place]:
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
        )
