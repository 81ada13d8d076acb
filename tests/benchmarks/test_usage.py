import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import BenchmarkFailed, environment, running
from benchmarks.usage import cpu_seconds, peak_resident_bytes, resident_bytes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('1', flush=True)\ninput()"
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])"


@pytest.mark.parametrize("program", [BURN, PARENT], ids=["itself", "its child"])
def test_cpu_time_is_counted_with_that_of_children(tmp_path: Path, program: str) -> None:
    with running([sys.executable, "-c", program], scratch=tmp_path, cores=None) as child:
        child.hear()
        used = cpu_seconds(child.pid)
        assert used is not None
        assert used >= 0.25
        child.tell("")


def test_memory_is_read_with_its_peak() -> None:
    now, peak = resident_bytes(os.getpid()), peak_resident_bytes(os.getpid())
    assert now is not None
    assert peak is not None
    assert 1_000_000 < now <= peak


def test_a_process_inherits_no_variable(tmp_path: Path) -> None:
    asked = subprocess.run(
        ["/usr/bin/env"], env=environment(tmp_path, {"ONE": "1"}), capture_output=True, text=True, check=True
    )
    assert {line.partition("=")[0] for line in asked.stdout.splitlines()} == {"PATH", "HOME", "LANG", "ONE"}


def test_a_process_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    program = "import sys; sys.exit('no such luck')"
    with (
        running([sys.executable, "-c", program], scratch=tmp_path, cores=None) as child,
        pytest.raises(BenchmarkFailed, match="no such luck"),
    ):
        child.hear()
