"""The process that others are forked from: `python -m tests.nursery DESCRIPTOR` reads their modules, then forks.

Rules kept here:
- it never has a thread nor a loop, so that what is forked is as good as what is started;
- what is forked has nothing of ours but what it was given: its words, variables, folder and three streams.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading

from tests.nursery.order import MOST_DESCRIPTORS, MOST_OCTETS, Order

MODULES = ("strongroom.cli.app", "strongroom.server", "typer._adapters", "encodings.idna", "uvloop")
"""What commands and servers read; some of it not before they look at their arguments."""


def main() -> None:
    """Fork for each order, until nobody is there to give any."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    orders.set_inheritable(False)
    for module in MODULES:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # children do not walk, and so do not copy, what is there for good
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how the keepers ended
    while True:
        said, descriptors, _, _ = socket.recv_fds(orders, MOST_OCTETS, MOST_DESCRIPTORS)
        if not said:
            return
        if os.fork() == 0:
            orders.close()
            _keep(json.loads(said), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(order: Order, descriptors: list[int]) -> None:
    """Fork what runs the command, and tell its id and how it ended; so nobody waits for another's command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, last = descriptors
    with socket.socket(fileno=last) as told:
        child = os.fork()
        if child != 0:
            for stream in streams:
                os.close(stream)
            told.sendall(f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            told.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
    _become(order, streams)


def _become(order: Order, streams: list[int]) -> None:
    """Run what `python -m strongroom` does. Python's own streams stay: they are for the descriptors replaced here."""
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["variables"])
    os.chdir(order["folder"])
    sys.argv[1:] = order["words"]
    try:
        runpy.run_module("strongroom", run_name="__main__", alter_sys=True)
    except SystemExit as asked:
        _end(asked)
    else:
        _end(SystemExit(0))


def _end(asked: SystemExit) -> None:
    """End as Python does, but for the memory: to give that back object by object takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        raise asked from None
    if not isinstance(asked.code, int | None):
        raise asked
    os._exit(asked.code or 0)


main()
