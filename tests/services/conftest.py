from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongroom.core.ids import SessionId, VaultId
from tests.services.filling import Filling
from tests.services.rooms import Rooms, built


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    async with built(tmp_path) as rooms:
        yield rooms


@pytest.fixture
async def vault(rooms: Rooms) -> VaultId:
    return await rooms.vault()


@pytest.fixture
async def session(rooms: Rooms, vault: VaultId) -> SessionId:
    return (await rooms.session(vault)).session.id


@pytest.fixture
def filling(rooms: Rooms) -> Filling:
    return Filling(rooms)
