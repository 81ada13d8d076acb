"""`run` at a terminal: what the kernel sends to the whole group reaches the child once."""

import os
import pty
import sys

from tests.cli.shell import Shell
from tests.e2e.stage import House

COUNTER = (
    "import signal, sys\n"
    "got = []\n"
    "signal.signal(signal.SIGINT, lambda *_: got.append(1))\n"
    "print('ready', flush=True)\n"
    "sys.stdin.readline()\n"
    "print('interrupted', len(got), 'times', flush=True)\n"
)


def test_control_c_reaches_the_child_once_and_does_not_end_us(shell: Shell, house: House, run: tuple[str, ...]) -> None:
    vault = house.vault(f"empty {run}")
    argv = shell.argv(*run, "--quiet", "--vault", vault, "--", sys.executable, "-c", COUNTER)
    child, terminal = pty.fork()
    if child == 0:
        os.execve(argv[0], argv, shell.environment())  # noqa: S606 - a terminal of its own is the point
    read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    read_until(terminal, b"^C")
    os.write(terminal, b"\n")
    assert b"interrupted 1 times" in read_until(terminal, b"times")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)


def read_until(terminal: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        seen += os.read(terminal, 1024)
    return seen
