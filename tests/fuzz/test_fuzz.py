"""The kept corpus holds, and a short search led by coverage, always the same one, finds nothing new."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS
from tests.needs import ROOT, missing

HERE = Path(__file__).parent
KEPT = [(name, path) for name in TARGETS for path in sorted((HERE / "corpus" / name).iterdir())]
RUNS = 4_000


@pytest.mark.parametrize(("target", "path"), KEPT, ids=[f"{name}-{path.name}" for name, path in KEPT])
def test_every_rule_holds_for_each_kept_input(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_a_search_led_by_coverage_finds_nothing(target: str, tmp_path: Path) -> None:
    if sys.version_info >= (3, 14) or sys.platform != "linux":
        missing("atheris for this Python")
    found = tmp_path / "found"
    found.mkdir()
    argv = [sys.executable, "-m", "tests.fuzz", target, str(found), str(HERE / "corpus" / target)]
    options = [f"-runs={RUNS}", "-seed=1", "-max_len=4096"]
    options += [f"-dict={HERE / 'http.dict'}", f"-artifact_prefix={tmp_path}/"]
    ended = subprocess.run([*argv, *options], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert f"Done {RUNS} runs" in ended.stderr, "it searched"
    assert "no interesting inputs" not in ended.stderr, "it saw what the code does"
