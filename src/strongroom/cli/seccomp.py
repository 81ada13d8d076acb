"""The system calls that a network namespace does not answer for, refused by a seccomp filter.

A network namespace keeps IP, and nothing else, from the outside. Left open would be: Unix-domain sockets of the
file system (a container engine, an ssh agent, a name service that asks DNS for others), the families that know no
namespaces (vsock reaches the host of a virtual machine), and typing into the caller's terminal (TIOCSTI).
"""

import ctypes
import errno
import platform
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from strongroom.cli.privileges import prctl

PR_SET_SECCOMP = 22  # <linux/prctl.h>
SECCOMP_MODE_FILTER = 2  # <linux/seccomp.h>
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
ALLOW = 0x7FFF0000

TIOCSTI = 0x5412  # <asm-generic/ioctls.h>
TIOCLINUX = 0x541C
X32_BIT = 0x40000000  # <asm/unistd.h> of x86: the same numbers, asked for in another way
IO_URING_SETUP = 425  # one number on all machines; its rings open sockets that no filter sees

# <linux/bpf_common.h>: load a word of the call, compare, mask, answer.
_LOAD, _EQUAL, _AT_LEAST, _AND, _ANSWER = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
"""Offsets in `struct seccomp_data`; of arguments, the lower half on a little-endian machine."""

_TYPE_MASK = 0xF
"""`SOCK_CLOEXEC` and `SOCK_NONBLOCK` are above it (<linux/net.h>)."""

Instruction = tuple[int, int, int, int]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a processor family calls itself in audits (<linux/audit.h>), and its numbers of system calls."""

    audit: int
    socket: int
    socketpair: int
    ioctl: int


MACHINES = {
    "x86_64": Machine(audit=0xC000003E, socket=41, socketpair=53, ioctl=16),
    "aarch64": Machine(audit=0xC00000B7, socket=198, socketpair=199, ioctl=29),
    "riscv64": Machine(audit=0xC00000F3, socket=198, socketpair=199, ioctl=29),
}


def this_machine() -> Machine | None:
    """Return the machine that this Python was built for, if we know its numbers."""
    return MACHINES.get(platform.machine()) if sys.maxsize > 1 << 32 else None


def program(machine: Machine, *, unix_sockets: bool) -> list[Instruction]:
    """Return the filter, for calls of this machine; a program for another (a 32-bit one, say) is ended."""
    families = [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, *([socket.AF_UNIX] if unix_sockets else [])]
    refused = _answer(ERRNO | errno.EACCES)
    rules = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        *_when_not(machine.audit, [_answer(KILL_PROCESS)]),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, X32_BIT),
        _answer(KILL_PROCESS),
        *_when(IO_URING_SETUP, [_answer(ERRNO | errno.ENOSYS)]),
        *_when(machine.ioctl, [(_LOAD, 0, 0, _SECOND), *_one_of([TIOCSTI, TIOCLINUX], refused), _answer(ALLOW)]),
        *_when(machine.socket, [(_LOAD, 0, 0, _FIRST), *_one_of(families, _answer(ALLOW)), refused]),
    ]
    if not unix_sockets:
        # A pair is a connection within the program, but a pair of datagram sockets can be pointed elsewhere later.
        connected = _one_of([socket.SOCK_STREAM, socket.SOCK_SEQPACKET], _answer(ALLOW))
        pair = [(_LOAD, 0, 0, _SECOND), (_AND, 0, 0, _TYPE_MASK), *connected, refused]
        rules += _when(machine.socketpair, pair)
    return [*rules, _answer(ALLOW)]


def install(rules: Sequence[Instruction]) -> None:
    """Put the filter on this process and all that come from it. Needs no_new_privs. Raises `OSError`."""
    code = b"".join(struct.pack("=HBBI", *rule) for rule in rules)
    kept = ctypes.create_string_buffer(code, len(code))
    head = _Program(len(rules), ctypes.addressof(kept))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(head))


class _Program(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _answer(what: int) -> Instruction:
    return (_ANSWER, 0, 0, what)


def _when(value: int, then: list[Instruction]) -> list[Instruction]:
    """Do this if the loaded word is `value`, else skip it; it must end with an answer."""
    return [(_EQUAL, 0, len(then), value), *then]


def _when_not(value: int, then: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, len(then), 0, value), *then]


def _one_of(values: Sequence[int], answer: Instruction) -> list[Instruction]:
    return [rule for value in values for rule in _when(int(value), [answer])]
