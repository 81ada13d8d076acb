"""How each process of ours runs: one event loop, and threads beside it that do not keep it waiting.

Threads of the database share the interpreter's lock with the loop. By default a thread that computes keeps it for five
milliseconds, and the requests of everybody wait as long.
"""

import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

SWITCH_SECONDS = 0.0005
"""How long a thread keeps the lock while others want it: some requests, and many times the cost of a switch."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a process's whole work."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return uvloop.run(main)


def settled() -> None:
    """Call when everything is built: what is there now stays, and the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
