"""How each process of ours runs: one event loop, and threads beside it that do not keep it waiting.

Threads of the database share the interpreter's lock with the loop. By default a thread that computes keeps it for five
milliseconds, and the requests of everybody wait as long.

And no image of it is left behind when it is killed: in memory secrets are as they are sent.
"""

import gc
import resource
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

SWITCH_SECONDS = 0.0005
"""How long a thread keeps the lock while others want it: some requests, and many times the cost of a switch."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a process's whole work."""
    leave_no_image()
    sys.setswitchinterval(SWITCH_SECONDS)
    return uvloop.run(main)


def settled() -> None:
    """Call when everything is built: what is there now stays, and the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


_WHAT_IMAGES_HOLD = Path("/proc/self/coredump_filter")


def leave_no_image() -> None:
    """Have the kernel write no core file for this process and those that it starts.

    A program that takes the image off the kernel's hands is bound by no limit (core(5)); what it gets holds no memory.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Linux has it
        _WHAT_IMAGES_HOLD.write_bytes(b"0")
