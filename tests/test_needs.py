"""A missing component skips on a developer's machine, is named at the end, and fails in continuous integration."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import ROOT, need

SAMPLE = """
from tests.conftest import pytest_terminal_summary
"""
TESTS = """
from tests.needs import need

def test_with_a_thing_that_is_not_there() -> None:
    need("no-such-command")

def test_with_nothing() -> None:
    pass
"""


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(SAMPLE)
    (folder / "test_sample.py").write_text(TESTS)
    note = folder / "missing"
    note.write_text("some-package")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "PYTEST", "COV"))}
    options = ["-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={folder}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**env, "PYTHONPATH": str(ROOT), "STRONGROOM_MISSING": str(note), **variables},
    )


def test_a_program_that_is_there_is_returned_with_its_path() -> None:
    assert Path(need("sh")).is_absolute()


def test_a_missing_component_skips_and_is_named_at_the_end(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.returncode == 0
    assert "1 passed, 1 skipped" in ran.stdout.splitlines()[-1]
    assert "no-such-command: 1 test did not run" in ran.stdout
    assert "    test_sample.py::test_with_a_thing_that_is_not_there" in ran.stdout
    assert "some-package: 0 tests did not run" in ran.stdout


@pytest.mark.parametrize("value", ["true", "1"])
def test_a_missing_component_fails_in_continuous_integration(tmp_path: Path, value: str) -> None:
    ran = run(tmp_path, CI=value)
    assert ran.returncode == 1
    assert "missing component: no-such-command" in ran.stdout
