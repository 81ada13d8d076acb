"""Threads that run work in order."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from strongroom.core.failures import Unavailable
from strongroom.store.lanes import Lane


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    narrow = Lane(name="test", width=1)
    narrow.start()
    yield narrow
    await narrow.close()


async def test_work_runs_elsewhere_and_its_answer_comes_back(lane: Lane) -> None:
    assert await lane.run(threading.get_ident) != threading.get_ident()


async def test_a_narrow_lane_keeps_the_order(lane: Lane) -> None:
    seen: list[int] = []
    await asyncio.gather(*(lane.run(partial(seen.append, number)) for number in range(100)))
    assert seen == list(range(100))


async def test_a_failure_comes_back_to_the_one_who_asked(lane: Lane) -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await lane.run(fail)
    assert await lane.run(lambda: 1) == 1


async def test_work_is_done_though_nobody_waits_any_more(lane: Lane) -> None:
    go, done = threading.Event(), threading.Event()
    blocked = lane.run(go.wait)
    abandoned = lane.run(done.set)
    abandoned.cancel()
    go.set()
    await blocked
    await lane.run(lambda: None)
    assert done.is_set()


async def test_closing_finishes_what_is_queued_and_takes_no_more() -> None:
    wide = Lane(name="test", width=3)
    wide.start()
    queued = [wide.run(partial(int, number)) for number in range(20)]
    await wide.close()
    assert await asyncio.gather(*queued) == list(range(20))
    with pytest.raises(Unavailable):
        await wide.run(lambda: None)
    await wide.close()
