"""The native API in a whole house, without sockets: one house per module, one organization per test."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from strongroom.assembly.doors import Doors
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import House, build
from tests.dialects.native.api import Api


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = Settings.load({}, {"data_dir": tmp_path_factory.mktemp("house") / "data"})
    doors = Doors(api=("127.0.0.1", 8700), proxy=("127.0.0.1", 8701))
    async with build(settings, Edge(), doors=doors) as built:
        yield built


@pytest_asyncio.fixture(loop_scope="module")
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.api), base_url="http://here") as client:
        yield client


@pytest.fixture
def operator(house: House, http: httpx.AsyncClient) -> Api:
    """The key of the first start."""
    assert house.first_key is not None
    return Api(http, house.first_key.reveal())


@pytest_asyncio.fixture(loop_scope="module")
async def api(operator: Api) -> Api:
    """The first key of an organization that nobody else is in."""
    return operator.as_key((await operator.made("/organizations", {"name": "acme"}))["api_key"])
