"""A child process that stands in our place: it gets our terminal and our signals, we take its exit code.

The child stays in our process group, so the terminal reaches it directly: what the kernel sent to
the whole group (Ctrl-C, a closed or resized window) is not sent again; what another process sent to
us alone is passed on.
"""

import errno
import os
import signal
from collections.abc import Mapping, Sequence

from strongroom.cli.complaint import Complaint

NOT_EXECUTABLE = 126
NOT_FOUND = 127
KILLED = 128
"""What shells answer, and we: a command that cannot run, one that is not there, one that signal n ended (128 + n)."""

PASSED_ON = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2}
)
_WAITED_FOR = PASSED_ON | {signal.SIGCHLD}
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""Python ignores these for itself, and a program that is started would go on ignoring them."""


class NotStarted(Complaint):
    """The child could not be started; `exit_code` says in the shells' way why."""

    def __init__(self, sentence: str, *, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def hold_signals() -> None:
    """From here on signals wait, so that none ends us before the child and what was opened for it."""
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # an ignored signal could not be waited for
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit code. Signals must be held. Raises `NotStarted`."""
    name = command[0]
    try:
        child = os.posix_spawnp(name, list(command), environ, setsigmask=(), setsigdef=IGNORED_BY_PYTHON)
    except OSError as error:
        raise not_started(name, error) from None
    return wait(child)


def wait(child: int) -> int:
    """Wait for the end of a child, passing signals on, and return its exit code. Signals must be held."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)  # first: it may have ended before signals were held
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else KILLED - code
        number, from_process = _next_signal()
        if number != signal.SIGCHLD and from_process:
            os.kill(child, number)


def not_started(name: str, error: OSError) -> NotStarted:
    """Return what to say of a command that could not be run."""
    if isinstance(error, FileNotFoundError):
        return NotStarted(f"{name}: command not found", exit_code=NOT_FOUND)
    reason = "it is no program" if error.errno == errno.ENOEXEC else error.strerror
    return NotStarted(f"{name} cannot be run: {reason}", exit_code=NOT_EXECUTABLE)


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; tell also whether another process sent it, to us."""
    if hasattr(signal, "sigwaitinfo"):
        received = signal.sigwaitinfo(_WAITED_FOR)
        return received.si_signo, received.si_code <= 0  # SI_USER, SI_QUEUE, SI_TKILL; the kernel's own are positive
    number = signal.sigwait(_WAITED_FOR)
    return number, number not in {signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH} or not os.isatty(0)
