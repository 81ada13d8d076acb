"""Starting the processes of a run: environments from scratch, cores of their own, an end for each of them."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import msgspec

ROOT = Path(__file__).resolve().parent.parent
GRACE = 10.0
"""Seconds that a process has to end after it was told to."""


class BenchmarkFailed(Exception):
    """A contestant or a part of the benchmark did not do what it must; figures would be wrong."""


@final
@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores the measured process and everything else run on; None leaves it to the system."""

    measured: frozenset[int] | None
    rest: frozenset[int] | None

    @classmethod
    def of_this_machine(cls) -> "Cores":
        """One core for the proxy, another for load and upstream, where there are two and the system lets us choose."""
        available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if len(available) < 2:
            return cls(None, None)
        return cls(frozenset(available[:1]), frozenset(available[1:2]))

    def sentence(self) -> str:
        """Say it for the report."""
        if self.measured is None or self.rest is None:
            return "Nothing is pinned to a core: proxy, load generator and upstream disturb each other."
        return f"The proxy runs on core {min(self.measured)}; load generator and upstream share core {min(self.rest)}."


@final
@dataclass(frozen=True, slots=True)
class Child:
    """A process that answers a line of JSON on standard input with one on standard output."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, message: object) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(message).decode() + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:  # noqa: ANN401 - JSON; who asks knows its shape
        """Wait for its next line. Raises `BenchmarkFailed` if it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise BenchmarkFailed(f"{self.process.args!r} ended early:\n{self.last_words()}")
        return msgspec.json.decode(line)

    def ask(self, message: object) -> Any:  # noqa: ANN401 - as above
        """Send a line and wait for the answer."""
        self.tell(message)
        return self.hear()

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


def environment(home: Path, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment that inherits nothing: proxies and roots that a machine exports would take part."""
    return {"PATH": os.defpath, "HOME": str(home), "LANG": "C.UTF-8", **(variables or {})}


@contextmanager
def running(
    command: Sequence[str],
    *,
    scratch: Path,
    cores: frozenset[int] | None,
    variables: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> Iterator[Child]:
    """Start a process and see to its end. What it writes to standard error goes to a file in `scratch`."""
    log = scratch / "stderr"
    with log.open("w") as errors, _on(cores):
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(scratch, variables),
            cwd=directory,
        )
    try:
        yield Child(process, log)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@contextmanager
def _on(cores: frozenset[int] | None) -> Iterator[None]:
    """A child inherits its cores: take its place while it is started."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
