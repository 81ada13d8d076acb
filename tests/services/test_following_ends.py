"""What follows the changes ends when it is told to, whatever arrives at that moment."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, final

import pytest

from strongroom.services.authentication import Authentication
from strongroom.services.delivery import Delivery
from strongroom.services.ports import Change

ANYTHING: Any = object()
"""For parts that following does not touch."""


@final
class OneChange:
    """News of nothing, when the bell rings, and then silence."""

    def __init__(self) -> None:
        self.bell = asyncio.Event()

    async def follow(self) -> AsyncIterator[Sequence[Change]]:
        await self.bell.wait()
        yield []
        await asyncio.Event().wait()


def following(name: str, changes: OneChange) -> Coroutine[Any, Any, None]:
    if name == "keys":
        return Authentication(tenants=ANYTHING).follow(changes)
    parts = ("sessions", "environments", "credentials", "refresher", "identities", "seal", "gate", "meter", "clock")
    return Delivery(**dict.fromkeys(parts, ANYTHING)).follow(changes)


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("name", ["keys", "plans"])
async def test_a_cancellation_that_meets_a_change_is_not_lost(name: str, steps: int) -> None:
    changes = OneChange()
    task = asyncio.get_running_loop().create_task(following(name, changes))
    for _ in range(5):
        await asyncio.sleep(0)
    changes.bell.set()
    for _ in range(steps):  # so that the two meet at every point of the way
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=2)
    if not ended:
        task.cancel()
    assert ended
    assert task.cancelled()
