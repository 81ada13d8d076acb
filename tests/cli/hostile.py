"""What a hostile child tries, to reach anything but the proxy. Run as a script: the name of a way, and its arguments.

Prints what it got; ends with exit code 7 and the reason if the way is closed.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

GREETING = "reached the outside"
CLOSED = 7
TIMEOUT = 5.0


def tcp(host: str, port: str) -> str:
    with socket.create_connection((host, int(port)), TIMEOUT) as end:
        end.sendall(b"x")
        return GREETING


def udp(host: str, port: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.settimeout(TIMEOUT)
        end.connect((host, int(port)))
        end.send(b"x")
        return end.recv(100).decode()


def dns(name: str) -> str:
    return str(socket.getaddrinfo(name, 443))


def unix(path: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.connect(path.replace("@", "\0"))
        return end.recv(100).decode()


def datagram_pair(path: str) -> str:
    """A pair of datagram sockets, pointed at somebody else."""
    with socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0] as end:
        end.sendto(b"x", path)
        return GREETING


def raw(host: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as end:
        end.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", (host, 0))
        return GREETING


def packets() -> str:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        return GREETING


def vsock() -> str:
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM):
        return GREETING


def inherited(descriptor: str) -> str:
    with socket.socket(fileno=int(descriptor)) as end:
        return end.recv(100).decode()


def namespace_of_parent() -> str:
    """Go back to the network that the command is in."""
    with Path(f"/proc/{os.getppid()}/ns/net").open("rb") as namespace:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(namespace.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    return GREETING


def memory_of_parent() -> str:
    with Path(f"/proc/{os.getppid()}/mem").open("rb"):
        return GREETING


def environment_of_parent() -> str:
    """Take the key of the command that started us."""
    return GREETING if b"STRONGROOM_" in Path(f"/proc/{os.getppid()}/environ").read_bytes() else ""


def io_uring() -> str:
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(425, 1, ctypes.create_string_buffer(120)) < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")
    return GREETING


def rights() -> str:
    status = Path("/proc/self/status").read_text()
    held = [line for line in status.splitlines() if line.startswith("Cap") and int(line.split()[1], 16)]
    if not held:
        raise OSError(0, "no capabilities")
    return str(held)


WAYS: dict[str, Callable[..., str]] = {
    way.__name__: way
    for way in (
        *(tcp, udp, dns, unix, datagram_pair, raw, packets, vsock, inherited),
        *(namespace_of_parent, memory_of_parent, environment_of_parent, io_uring, rights),
    )
}

if __name__ == "__main__":
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[variable]
    try:
        print(WAYS[sys.argv[1]](*sys.argv[2:]))
    except OSError as error:
        print(repr(error), file=sys.stderr)
        sys.exit(CLOSED)
