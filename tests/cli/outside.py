"""Listeners on this machine that an isolated child must not reach."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.hostile import GREETING


@dataclass
class Outside:
    """Where they listen. Each greets whoever comes."""

    tcp: str
    tcp6: str
    udp: str
    unix: str
    abstract: str
    datagrams: str
    inheritable: int


@contextmanager
def listening(folder: Path) -> Iterator[Outside]:
    with ExitStack() as held:

        def bound(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
            made = held.enter_context(socket.socket(family, kind))
            made.bind(address)
            if kind == socket.SOCK_STREAM:
                made.listen()
            return made

        tcp = bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        tcp6 = bound(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        udp = bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        path, name = str(folder / "outside"), f"\0{folder}"
        unix = bound(socket.AF_UNIX, socket.SOCK_STREAM, path)
        abstract = bound(socket.AF_UNIX, socket.SOCK_STREAM, name)
        bound(socket.AF_UNIX, socket.SOCK_DGRAM, f"{path}-datagrams")
        ours, theirs = socket.socketpair()
        held.enter_context(ours)
        held.enter_context(theirs)
        theirs.set_inheritable(True)
        ours.sendall(GREETING.encode())
        for listener in (tcp, tcp6, unix, abstract):
            held.callback(_greeting(listener).join, 10)
            held.callback(listener.shutdown, socket.SHUT_RDWR)
        held.callback(_answering(udp).join, 10)
        held.callback(_end, udp.getsockname())
        yield Outside(
            tcp=str(tcp.getsockname()[1]),
            tcp6=str(tcp6.getsockname()[1]),
            udp=str(udp.getsockname()[1]),
            unix=path,
            abstract=name.replace("\0", "@"),
            datagrams=f"{path}-datagrams",
            inheritable=theirs.fileno(),
        )


def _greeting(listener: socket.socket) -> threading.Thread:
    def greet() -> None:
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            with end:
                end.sendall(GREETING.encode())

    thread = threading.Thread(target=greet, daemon=True)
    thread.start()
    return thread


def _answering(bound: socket.socket) -> threading.Thread:
    def answer() -> None:
        while True:
            said, whose = bound.recvfrom(100)
            if said == b"end":
                return
            bound.sendto(GREETING.encode(), whose)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def _end(address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"end", address)
