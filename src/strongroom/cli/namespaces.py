"""Leaving the machine's network: fresh user and network namespaces in which only loopback exists. Linux alone.

For a process with one thread that was made for it (`cli/isolated.py`): what is done here cannot be undone.
"""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
CLONE_NEWNET = 0x40000000

SIOCGIFFLAGS = 0x8913  # <linux/sockios.h>
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1  # <linux/if.h>
_IFREQ_FLAGS = struct.Struct("16sh22x")
"""`struct ifreq` with a name and flags; 40 bytes on 64-bit machines."""

LOOPBACK = "127.0.0.1"
BACKLOG = 1024


def call(function: str, *arguments: object) -> None:
    """Call a function of the C library that answers 0 or sets `errno`. Raises `OSError`."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def leave_namespaces() -> None:
    """Move into a user and a network namespace of our own; the second belongs to the first.

    Together in one call, so that the network namespace is ours even where no privilege was there before.
    """
    call("unshare", ctypes.c_int(CLONE_NEWUSER | CLONE_NEWNET))


def keep_identity(user: int, group: int) -> None:
    """Map the caller's user and group to themselves: the only ones that an ordinary user may map (user_namespaces(7)).

    Nobody else has a name inside; further groups keep their effect and show as the overflow group.
    """
    Path("/proc/self/setgroups").write_bytes(b"deny")
    Path("/proc/self/uid_map").write_bytes(b"%d %d 1" % (user, user))
    Path("/proc/self/gid_map").write_bytes(b"%d %d 1" % (group, group))


def raise_loopback() -> None:
    """Bring `lo` up, the only interface that there is; the kernel gives it 127.0.0.1 and ::1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        found = fcntl.ioctl(any_socket, SIOCGIFFLAGS, _IFREQ_FLAGS.pack(b"lo", 0))
        _, flags = _IFREQ_FLAGS.unpack(found)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, _IFREQ_FLAGS.pack(b"lo", flags | IFF_UP))


def listen(port: int) -> socket.socket:
    """Listen on a port of this namespace's loopback.

    A socket stays in the namespace in which it was made, whoever holds it: handed to a process outside, it is
    the one way out.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((LOOPBACK, port))
    listener.listen(BACKLOG)
    return listener
