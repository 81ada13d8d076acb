"""`run --isolate`: a child for whom the network is the proxy and nothing else.

The child's process is started first and moves into namespaces of its own (`cli/isolated.py`), so that nothing,
no session either, has been opened if that is not possible. It then listens on the proxy's port of its loopback and
hands the listening socket to us. We are outside, and carry what comes there to the proxy (`cli/relay.py`).
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, final
from urllib.parse import urlsplit

from strongroom.cli import child, isolated, obstacles, seccomp
from strongroom.cli.client import Json
from strongroom.cli.complaint import Complaint
from strongroom.cli.namespaces import LOOPBACK
from strongroom.cli.relay import relaying

NO_PROXY = ("NO_PROXY", "no_proxy")
SOCKET_VARIABLES = frozenset(
    {
        "CONTAINER_HOST",  # Podman
        "DBUS_SESSION_BUS_ADDRESS",
        "DBUS_SYSTEM_BUS_ADDRESS",
        "DISPLAY",  # X; beside its Unix socket it may be an address
        "DOCKER_HOST",
        "GPG_AGENT_INFO",
        "SSH_AGENT_PID",
        "SSH_AUTH_SOCK",
        "TMUX",
        "WAYLAND_DISPLAY",
    }
)
"""Variables that name what is not reachable from inside. Without them programs do not try, and say so better."""


@contextmanager
def isolated_child(environ: Mapping[str, str], *, unix_sockets: bool) -> "Iterator[IsolatedChild]":
    """Start a process that has left the network and waits to be told what to run; it ends with the block.

    Raises `Complaint` if this system does not let it.
    """
    obstacle = obstacles.system_obstacle(machine=seccomp.this_machine())
    if obstacle is not None:
        raise Complaint(obstacle)
    with ExitStack() as held:
        ours, theirs = socket.socketpair()
        held.enter_context(ours)
        with theirs:
            theirs.set_inheritable(True)
            pid = _start(theirs.fileno(), environ, unix_sockets=unix_sockets)
        held.callback(_reap, pid)
        held.callback(ours.close)  # before: it ends at the end of its socket
        waiting = IsolatedChild(pid=pid, control=ours)
        waiting.expect_ready()
        yield waiting


@final
class IsolatedChild:
    """A process inside, and our end of its socket."""

    def __init__(self, *, pid: int, control: socket.socket) -> None:
        self._pid = pid
        self._control = control

    def expect_ready(self) -> None:
        """Wait until it has left the network. Raises `Complaint` if it cannot."""
        step, number = self._told() or (None, 0)
        if step is None:
            raise Complaint("--isolate is not possible: the process that was to be isolated ended by itself")
        if step != isolated.READY:
            raise Complaint(obstacles.step_obstacle(step, number))

    def run(self, command: Sequence[str], environ: Mapping[str, str], *, proxy: tuple[str, int]) -> int:
        """Run a command to its end and return its exit code. Signals must be held.

        Raises `NotStarted`, as `child.run` does, and `Complaint` if it could not be isolated after all.
        """
        asked = {"command": list(command), "environ": dict(environ), "port": proxy[1]}
        with suppress(BrokenPipeError):  # it was killed: its exit code says so
            self._control.sendall(json.dumps(asked).encode() + b"\n")
        told, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        with ExitStack() as held:
            if descriptors:
                held.enter_context(relaying(socket.socket(fileno=descriptors[0]), proxy))
            self._expect_started(command[0], told if not descriptors else b"")
            return child.wait(self._pid)

    def _expect_started(self, name: str, begun: bytes) -> None:
        """Wait until its end of the socket is closed, which is done by becoming the program."""
        failed = self._told(begun)
        if failed is None:
            return
        step, number = failed
        if step == isolated.COMMAND:
            raise child.not_started(name, OSError(number, os.strerror(number)))
        raise Complaint(obstacles.step_obstacle(step, number))

    def _told(self, begun: bytes = b"") -> tuple[str, int] | None:
        """Return what it tells next; nothing at the end."""
        line = begun
        while not line.endswith(b"\n"):
            piece = self._control.recv(1024)
            if not piece:
                return None
            line += piece
        step, number = json.loads(line)
        return str(step), int(number)


def seen_from_inside(egress: Json) -> dict[str, Any]:
    """Return what a session's agent gets, with the proxy where it is inside: the same port, always on loopback.

    Nothing is reached without the proxy, and no variable says otherwise.
    """
    outside = str(egress["proxy_url"])
    parts = urlsplit(outside)
    inside = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{LOOPBACK}:{parts.port}").geturl()
    env = {name: inside if value == outside else value for name, value in egress["env"].items()}
    return {**egress, "proxy_url": inside, "env": env | dict.fromkeys(NO_PROXY, "")}


def without_sockets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those that name a socket of the caller's."""
    return {name: value for name, value in environ.items() if name not in SOCKET_VARIABLES}


def proxy_address(egress: Json) -> tuple[str, int]:
    """Return where the proxy is, seen from outside."""
    parts = urlsplit(str(egress["proxy_url"]))
    if not parts.hostname or not parts.port:
        raise Complaint("the server names no address of its proxy: --isolate has nowhere to lead to")
    return parts.hostname, parts.port


def _start(descriptor: int, environ: Mapping[str, str], *, unix_sockets: bool) -> int:
    # -P: in a directory of somebody else's, no file of theirs is taken for a module of ours.
    argv = [sys.executable, "-P", "-m", isolated.__name__, str(descriptor)]
    argv += [isolated.UNIX_SOCKETS] if unix_sockets else []
    try:
        return os.posix_spawn(sys.executable, argv, environ, setsigmask=child.PASSED_ON | {signal.SIGCHLD})
    except OSError as error:
        raise Complaint(f"--isolate is not possible: {sys.executable} cannot be run ({error.strerror})") from None


def _reap(pid: int) -> None:
    """See to its end: it ends with its socket, and a program that we have lost track of is not left to itself."""
    with suppress(ChildProcessError):  # `child.wait` has seen its end
        if os.waitpid(pid, os.WNOHANG)[0] == 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
