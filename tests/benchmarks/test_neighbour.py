import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import neighbour
from benchmarks.contestants.direct import direct
from benchmarks.outcome import Sample
from benchmarks.place import Place, furnished
from benchmarks.processes import Cores
from benchmarks.rounds import in_turns
from benchmarks.scenarios import QUICK, half_load, keep_alive
from benchmarks.usage import cpu_seconds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's scheduler")

CORES = frozenset(sorted(os.sched_getaffinity(0))[-1:])
PACE = replace(QUICK, seconds=0.1, warm_up=0.0)


def pinned(place: Place) -> Place:
    """A place with a core beside the proxy's, also where the machine has a single one."""
    return replace(place, cores=Cores(measured=CORES, rest=CORES))


def test_the_neighbour_works_on_the_core_it_was_given_and_yields_to_everybody(tmp_path: Path) -> None:
    with furnished(tmp_path, neighbours=True) as place, pinned(place).beside_a_neighbour() as child:
        assert os.sched_getscheduler(child.pid) == os.SCHED_IDLE
        assert os.sched_getaffinity(child.pid) == CORES
        before = cpu_seconds(child.pid)
        while cpu_seconds(child.pid) == before:  # it has the core when nobody else wants it
            assert child.process.poll() is None
    assert child.process.returncode is not None


def test_its_work_is_the_same_each_time() -> None:
    assert neighbour.work() == neighbour.work() > 0
    assert len(neighbour.TEXT) < 300_000


@pytest.mark.parametrize(
    ("neighbours", "crowded", "read", "windows"),
    [(True, True, True, 2), (False, True, True, 1), (True, False, True, 1), (True, True, False, 1)],
    ids=["busy", "idle", "not-at-full-load", "nothing-to-read"],
)
def test_cpu_time_has_a_window_of_its_own_beside_the_neighbour(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], *, neighbours: bool, crowded: bool, read: bool, windows: int
) -> None:
    with furnished(tmp_path, neighbours=neighbours) as furnishings:
        place = pinned(furnishings)
        way = replace(direct(place), child=place.upstream if read else None)
        scenario = keep_alive(1) if crowded else half_load(200.0)
        (outcome,) = in_turns(place, scenario, [way], PACE)
        assert len(outcome.samples) == 1
    assert capfd.readouterr().err.count("beside a busy core") == windows - 1


def test_only_cpu_time_is_taken_from_that_window() -> None:
    quiet = Sample(requests=100, cpu_us=50.0, rps=9000.0, p50_ms=1.0, p99_ms=2.0, mb_per_second=9.0)
    crowded = Sample(requests=60, cpu_us=80.0, rps=5000.0, p50_ms=3.0, p99_ms=9.0, mb_per_second=5.0)
    assert quiet.with_cpu_of(crowded) == replace(quiet, cpu_us=80.0)


def test_the_notes_say_what_ran_beside_the_proxy(tmp_path: Path) -> None:
    with furnished(tmp_path, neighbours=True) as furnishings:
        busy = pinned(furnishings)
        assert "`--neighbours busy`" in busy.sentence()
        assert "`--neighbours idle`" in replace(busy, neighbours=False).sentence()
        assert "`--neighbours busy`" not in replace(busy, cores=Cores(None, None)).sentence()
