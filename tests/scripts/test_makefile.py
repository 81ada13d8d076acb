"""`make test` as it is typed, with the programs that it runs made up: each only says that it was run."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT, need

SAYS = '#!/bin/sh\necho "$(basename "$0") $*" >>"{said}"\n'
CLIENTS = ("anthropic-0.121.0", "anthropic-1.17.0", "clients", "custodians", "skyvern-1.0.56")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("scripts/venv", "scripts/node-modules", "scripts/system-packages"):
        program(tmp_path, name)
    for name in ("ruff", "mypy", "lint-imports", "python"):
        program(tmp_path, f".venv/bin/{name}")
    return tmp_path


def program(house: Path, name: str, more: str = "") -> None:
    path = house / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SAYS.format(said=house / "said") + more)
    path.chmod(0o755)


def make(house: Path, *words: str) -> tuple[int, list[str]]:
    """Return how it ended, and what was run, in this order."""
    argv = [need("make"), "--directory", str(house), *words]
    ended = subprocess.run(argv, capture_output=True, text=True, env={"PATH": f"{Path(need('sh')).parent}:/usr/bin"})
    return ended.returncode, (house / "said").read_text().splitlines()


def test_all_that_tests_need_is_made_and_all_is_checked_before_they_run(house: Path) -> None:
    code, said = make(house, "test", "ARGS=-k audit")
    assert code == 0
    assert said[-1] == "python -m pytest -n auto --dist worksteal -k audit"
    made = {f"venv .venv-{name} requirements/{name}.lock" for name in CLIENTS}
    checked = {"ruff check", "ruff format --check", "mypy ", "lint-imports --no-logo"}
    others = {"venv .venv requirements/dev.lock --editable", "system-packages ", "node-modules "}
    assert set(said[:-1]) == made | checked | others
    assert len(said) == len(set(said)), "nothing is done twice"


def test_what_needs_an_environment_waits_for_it(house: Path) -> None:
    program(house, "scripts/venv", "sleep 0.2\n" + 'echo "made $1" >>"$(dirname "$0")/../said"\n')
    _, said = make(house, "test")
    for check in ("ruff check", "mypy ", "lint-imports --no-logo"):
        assert said.index(check) > said.index("made .venv")
    assert said.index("node-modules ") > said.index("made .venv-clients")


@pytest.mark.parametrize(
    "broken", ["scripts/venv", "scripts/node-modules", ".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/lint-imports"]
)
def test_what_fails_keeps_the_tests_from_running(house: Path, broken: str) -> None:
    program(house, broken, "exit 1\n")
    code, said = make(house, "test")
    assert code != 0
    assert not [line for line in said if "pytest" in line]
