"""The process that becomes the child of `run --isolate`: it leaves the machine's network and then is the program.

Started afresh, with one thread, because a namespace is left for the whole process. It stays one process, so that
signals and the exit code are the program's own. `cli/isolation.py` is at the other end of its socket: we tell
what failed, or that we stand ready; get the program and its variables; hand out the listener; and run it.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, final

from strongroom.cli import namespaces, privileges, seccomp
from strongroom.cli.child import IGNORED_BY_PYTHON

NAMESPACES = "namespaces"
IDENTITY = "identity"
LOOPBACK = "loopback"
FILTER = "filter"
LISTENER = "listener"
CAPABILITIES = "capabilities"
COMMAND = "command"
READY = "ready"
UNIX_SOCKETS = "--unix-sockets"


def main(descriptor: int, *, unix_sockets: bool) -> NoReturn:
    """Take every step; one that fails is told, and nothing is run."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    try:
        _leave(unix_sockets=unix_sockets)
        _tell(control, READY)
        with control.makefile("rb") as lines:
            line = lines.readline()
        if line:  # else nothing is to be run after all
            _become(control, json.loads(line))
    except _Failed as failed:
        with suppress(BrokenPipeError):
            _tell(control, failed.step, failed.number)
    sys.exit(1)


def _leave(*, unix_sockets: bool) -> None:
    user, group = os.geteuid(), os.getegid()
    with _step(NAMESPACES):
        namespaces.leave_namespaces()
    with _step(IDENTITY):
        namespaces.keep_identity(user, group)
    with _step(LOOPBACK):
        namespaces.raise_loopback()
    machine = seccomp.this_machine()
    assert machine is not None  # noqa: S101 - asked before we were started
    with _step(FILTER):
        privileges.gain_none_hereafter()
        seccomp.install(seccomp.program(machine, unix_sockets=unix_sockets))


def _become(control: socket.socket, asked: dict[str, Any]) -> NoReturn:
    with _step(LISTENER), namespaces.listen(asked["port"]) as listener:
        socket.send_fds(control, [b"\n"], [listener.fileno()])
    with _step(CAPABILITIES):  # not earlier: a port below 1024 needs one
        privileges.drop_capabilities()
    _close_all_but(control.fileno())
    _reset_signals()
    with _step(COMMAND):
        os.execvpe(asked["command"][0], asked["command"], asked["environ"])  # noqa: S606 - no shell in between
    raise AssertionError  # it returned without an error, which it cannot


def _close_all_but(kept: int) -> None:
    """Close what the caller left open beside standard input, output and error: one could lead outside."""
    for descriptor in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if descriptor > 2 and descriptor != kept:  # noqa: PLR2004 - standard error
            with suppress(OSError):  # the one that the listing itself used
                os.close(descriptor)


def _reset_signals() -> None:
    """Undo what Python does to signals, and let those come that waited."""
    for number in (*IGNORED_BY_PYTHON, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it was ignored before us, and stays so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _tell(control: socket.socket, step: str, number: int = 0) -> None:
    control.sendall(json.dumps([step, number]).encode() + b"\n")


@final
class _Failed(Exception):
    def __init__(self, step: str, number: int) -> None:
        super().__init__(step)
        self.step = step
        self.number = number


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _Failed(name, error.errno or 0) from None


if __name__ == "__main__":
    main(int(sys.argv[1]), unix_sockets=UNIX_SOCKETS in sys.argv[2:])
