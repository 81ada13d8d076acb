import asyncio
import logging
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest

from strongroom.edge import Background, Edge, entropy, new_id, now


def test_the_moment_is_in_utc() -> None:
    assert now().tzinfo is UTC


def test_ids_and_randomness_do_not_repeat() -> None:
    assert len({entropy(32) for _ in range(50)}) == 50
    assert len({new_id("vlt_") for _ in range(50)}) == 50
    assert re.fullmatch("vlt_01[0-9A-Za-z]{22}", new_id("vlt_"))


async def test_a_background_task_runs_under_its_name() -> None:
    edge, done = Edge(), asyncio.Event()

    async def work() -> None:
        done.set()

    task = edge.spawn(work(), "work")
    await done.wait()
    await task
    assert task.get_name() == "work"


async def test_a_crash_is_logged_without_the_words_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("sentinel")

    with caplog.at_level(logging.DEBUG):
        await asyncio.wait([Background().spawn(work(), "the writer")])
        await asyncio.sleep(0)
    assert "background task the writer crashed with ValueError" in caplog.text
    assert "in work" in caplog.text
    logged = "".join(record.getMessage() for record in caplog.records)
    assert logged.count("sentinel") == logged.count('raise ValueError("sentinel")')


async def test_closing_ends_what_still_runs() -> None:
    background, started = Background(), asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    task = background.spawn(work(), "endless")
    await started.wait()
    await background.close()
    assert task.cancelled()


def test_ids_are_all_different_whoever_makes_them() -> None:
    def many() -> list[str]:
        return [new_id("x_") for _ in range(1000)]

    with ThreadPoolExecutor(4) as pool:
        made = [each for batch in pool.map(lambda _: many(), range(8)) for each in batch]
    assert len(set(made)) == len(made)


def test_a_fork_makes_other_ids() -> None:
    lines = ["import os", "from strongroom.edge import new_id", "new_id('x_')", "os.fork()"]
    said = "; ".join([*lines, r"os.write(1, (new_id('x_') + '\n').encode())"])
    ran = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True, timeout=60)
    assert len(set(ran.stdout.split())) == 2
