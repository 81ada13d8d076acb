"""Why `--isolate` is not possible here, in a sentence that says what to do."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from strongroom.cli import isolated, seccomp

INSTEAD = "or run it in a container or virtual machine of its own"

Setting = Callable[[str], str | None]
"""Answers what a kernel setting (`user.max_user_namespaces`) is; nothing where there is none."""

_SWITCHES = {
    "user.max_user_namespaces": "0",
    "user.max_net_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",  # Debian, Arch
    "kernel.apparmor_restrict_unprivileged_userns": "1",  # Ubuntu 23.10 and newer
}
"""Settings that forbid it, each with the value by which it does."""

_STEPS = {
    isolated.NAMESPACES: "the kernel refuses a user and network namespace",
    isolated.IDENTITY: "the kernel refuses to keep your user in a namespace",
    isolated.LOOPBACK: "the loopback interface of the namespace cannot be brought up",
    isolated.FILTER: "the kernel refuses the filter of system calls",
    isolated.LISTENER: "the proxy's port cannot be opened in the namespace",
    isolated.CAPABILITIES: "the rights of the namespace cannot be given up",
}


def system_obstacle(*, system: str = sys.platform, machine: seccomp.Machine | None = None) -> str | None:
    """Return what makes it impossible on this kind of system, before anything is tried."""
    if system != "linux":
        return f"--isolate needs Linux: leave it out here, {INSTEAD}"
    if machine is None:
        return f"--isolate knows no system calls of this processor ({os.uname().machine}): leave it out, {INSTEAD}"
    return None


def step_obstacle(step: str, number: int, setting: Setting | None = None) -> str:
    """Return why a step failed with this `errno`."""
    reason = f"--isolate is not possible: {_STEPS[step]}"
    switch = _switch(setting or kernel_setting) if step in {isolated.NAMESPACES, isolated.IDENTITY} else None
    if switch is not None:
        return f"{reason} because {switch[0]} is {switch[1]}: ask whoever runs this machine to change it, {INSTEAD}"
    if step == isolated.NAMESPACES and number in {errno.EPERM, errno.ENOSYS, errno.EACCES}:
        return (
            f"{reason} ({os.strerror(number)}), as a container's seccomp profile or a security module does: "
            f"allow unshare there, {INSTEAD}"
        )
    return f"{reason} ({os.strerror(number)}): leave --isolate out, {INSTEAD}"


def kernel_setting(name: str) -> str | None:
    """Read a kernel setting as `sysctl` does."""
    try:
        return Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _switch(setting: Setting) -> tuple[str, str] | None:
    """Return the setting that forbids it, and its value."""
    return next(((name, value) for name, value in _SWITCHES.items() if setting(name) == value), None)
