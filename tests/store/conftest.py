"""A store that is empty but for one workspace, on each backend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongroom.services.ports import Store
from tests.store.backends import BACKENDS, Backend
from tests.store.things import Home, at


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[Store]:
    async with backend.open(at) as opened:
        yield opened


@pytest.fixture
async def home(store: Store) -> Home:
    return await Home().settle(store)


@pytest.fixture
async def elsewhere(store: Store) -> Home:
    """Another tenant of the same store."""
    return await Home().settle(store)
