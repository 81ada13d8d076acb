"""Giving up, for good, every right that a fresh user namespace came with."""

import ctypes
import errno

from strongroom.cli.namespaces import call

PR_CAPBSET_DROP = 24  # <linux/prctl.h>
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_CAPABILITY_VERSION_3 = 0x20080522  # <linux/capability.h>
_CAPABILITIES = 64
"""More than there are; the kernel says where its own end."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def gain_none_hereafter() -> None:
    """Set no_new_privs: no program that is run from here on gains a right from its file's set-user-ID bit."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Empty every set of capabilities.

    The bounding set first and above all: a program that root runs would otherwise get them all back.
    """
    for capability in range(_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno != errno.EINVAL or capability == 0:
                raise
            break  # past the last one that this kernel knows
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    none = (_Sets * 2)()
    call("capset", ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), none)


def prctl(option: int, *arguments: int) -> None:
    """Set an attribute of this process, unused arguments zero. Raises `OSError`."""
    words = (*arguments, 0, 0, 0, 0)[:4]
    call("prctl", ctypes.c_int(option), *(ctypes.c_ulong(word) for word in words))
