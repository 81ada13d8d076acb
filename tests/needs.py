"""Components that a test needs and that a machine may lack.

A developer's machine may lack them: the test is skipped, and the closing summary names the component and the tests that
did not run for it. In continuous integration (`CI=true`) everything must be there, so the test fails instead.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
MARK = "missing component: "


def need(command: str) -> str:
    """Return the full path of a program; without it, this test does not run."""
    found = shutil.which(command)
    if found is None:
        missing(command)
    return found


def need_file(path: str) -> Path:
    """Return the path of a file of the system (a loadable module, say); without it, this test does not run."""
    if not Path(path).exists():
        missing(path)
    return Path(path)


def need_environment(name: str) -> Path:
    """Return the Python of one of the other virtual environments that `make test` makes (`anthropic-1.17.0`)."""
    python = ROOT / f".venv-{name}" / "bin" / "python"
    if not (python.parent.parent / "made-from").exists():
        missing(f"environment {name} (make test makes it)")
    return python


def need_namespaces() -> None:
    """Ask for user and network namespaces for this user; without them, this test does not run."""
    if not _namespaces():
        missing("user and network namespaces")


@cache
def _namespaces() -> bool:
    argv = ["unshare", "--user", "--map-root-user", "--net", "true"]
    return shutil.which("unshare") is not None and subprocess.run(argv, capture_output=True).returncode == 0


def missing(component: str) -> NoReturn:
    """Say that this test cannot run for want of something: a failure in continuous integration, a skip elsewhere."""
    if in_ci():
        pytest.fail(f"{MARK}{component}", pytrace=False)
    pytest.skip(f"{MARK}{component}", allow_module_level=True)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false", "no"}
