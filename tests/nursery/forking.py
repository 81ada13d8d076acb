"""Processes of the command line that need not read its modules each for itself: they are forked from one that has.

A command takes half a second of CPU to begin and a server several, nearly all of it reading modules; the suite begins
hundreds. What runs is a process of its own all the same, and runs what `python -m strongroom` runs.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import final

from tests.needs import ROOT
from tests.nursery.order import Order

_READ_AT_START = ("PYTHON", "LC_", "LANGUAGE", "LD_")


def forkable(order: Order) -> bool:
    """Tell whether a fork would not differ: its variables say nothing to Python that must be said at its start."""
    variables = order["variables"]
    return variables.get("LANG") == "C.UTF-8" and not any(name.startswith(_READ_AT_START) for name in variables)


@final
class Forked:
    """A process, with the methods of `subprocess.Popen` that are needed of it."""

    def __init__(self, told: socket.socket, words: list[str]) -> None:
        self.args = ["strongroom", *words]
        self._told = told
        self._heard = told.makefile("r")
        self.pid = int(self._hear())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, if it has."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended, once it has. Raises `TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._hear())
            self._heard.close()
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _hear(self) -> str:
        line = self._heard.readline()
        assert line, "the process that others are forked from has ended"
        return line


@final
class Nursery:
    """A process that others are forked from. It ends with this one."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def fork(self, order: Order, *, stdin: int, stdout: int, stderr: int) -> Forked:
        """Have a process forked that runs a command, with these three streams."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [stdin, stdout, stderr, theirs.fileno()])
        return Forked(ours, order["words"])

    def run(self, order: Order, *, stdin: str, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as `subprocess.run` does. Raises `TimeoutExpired`, after its end."""
        giving, given = os.pipe()
        said, saying = os.pipe()
        complained, complaining = os.pipe()
        os.write(given, stdin.encode())  # a pipe holds 64 KiB, which is more than anybody types
        os.close(given)
        process = self.fork(order, stdin=giving, stdout=saying, stderr=complaining)
        for descriptor in (giving, saying, complaining):
            os.close(descriptor)
        try:
            out, complaint = _read((said, complained), time.monotonic() + timeout)
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait(timeout)
            os.close(said)
            os.close(complained)
        return subprocess.CompletedProcess(process.args, code, out, complaint)

    def close(self) -> None:
        """Have none forked any more."""
        self._orders.close()
        self._process.wait(20)


def _read(descriptors: tuple[int, ...], end: float) -> list[str]:
    """Read to the ends of both, whichever has something. Raises `TimeoutExpired`."""
    read = dict.fromkeys(descriptors, b"")
    unfinished = list(descriptors)
    while unfinished:
        ready = select.select(unfinished, [], [], max(0, end - time.monotonic()))[0]
        if not ready:
            raise subprocess.TimeoutExpired("strongroom", end)
        for descriptor in ready:
            piece = os.read(descriptor, 65536)
            read[descriptor] += piece
            if not piece:
                unfinished.remove(descriptor)
    return [octets.decode(errors="replace").replace("\r\n", "\n") for octets in read.values()]


_opened: list[Nursery] = []


def nursery() -> Nursery:
    """Return this process's one."""
    if not _opened:
        _opened.append(Nursery())
    return _opened[0]


def close() -> None:
    """End it, if it has begun."""
    while _opened:
        _opened.pop().close()
