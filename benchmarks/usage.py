"""CPU time and memory of a process with all its threads and children, read from Linux's /proc.

Elsewhere there is no /proc: the answer is None, and the report shows a dash.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
AFTER_NAME = 11
"""utime's place in /proc/PID/stat once the name, which may hold spaces, is cut off; stime follows it (proc(5))."""


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time, user and system, that the process and its living children have used."""
    if not PROC.joinpath("self/stat").exists():
        return None
    ticks = 0
    for member in _family(pid):
        with contextlib.suppress(OSError):  # a child that has just ended
            fields = PROC.joinpath(str(member), "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[AFTER_NAME]) + int(fields[AFTER_NAME + 1])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """Return how much memory is resident now."""
    return _memory(pid, "VmRSS:")


def peak_resident_bytes(pid: int) -> int | None:
    """Return the most that was resident since `forget_peak`, or since the start where that is not permitted."""
    return _memory(pid, "VmHWM:")


def forget_peak(pid: int) -> None:
    """Let the peak start from what is resident now (proc(5), clear_refs)."""
    for member in _family(pid):
        with contextlib.suppress(OSError):
            PROC.joinpath(str(member), "clear_refs").write_text("5")


def _memory(pid: int, label: str) -> int | None:
    if not PROC.joinpath("self/status").exists():
        return None
    kibibytes = 0
    for member in _family(pid):
        with contextlib.suppress(OSError):
            for line in PROC.joinpath(str(member), "status").read_text().splitlines():
                if line.startswith(label):
                    kibibytes += int(line.split()[1])
    return kibibytes * 1024


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in PROC.glob(f"{pid}/task/*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield from _family(int(child))
