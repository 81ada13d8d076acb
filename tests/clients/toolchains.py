"""Where the programs are that tests run as clients: of the system, of `.venv-clients`, or built from source."""

import subprocess
import sys
from pathlib import Path

from tests.needs import need, need_environment

PROGRAMS = Path(__file__).parent / "programs"


def of_clients(command: str) -> str:
    """Return a program that comes with the environment of clients."""
    return str(need_environment("clients").with_name(command))


def python(program: str) -> list[str]:
    """Return how to run a Python program; its libraries are those of the tests, or else those of the clients."""
    interpreter = str(need_environment("clients")) if program == "with_openai.py" else sys.executable
    return [interpreter, str(PROGRAMS / program)]


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
