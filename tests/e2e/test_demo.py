"""The first command of the README: a whole first hour, on a throwaway data directory."""

import os
import subprocess
import sys
from pathlib import Path

from tests.needs import need


def test_the_demo_ends_well_with_every_mark_in_place(tmp_path: Path) -> None:
    need("curl")
    done = subprocess.run(
        [sys.executable, "-m", "strongroom", "demo"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.count("\u2714") >= 12
    assert "\u2718" not in done.stdout
