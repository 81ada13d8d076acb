from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.services.rooms import Rooms, built


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with built(tmp_path) as rooms:
        yield rooms
