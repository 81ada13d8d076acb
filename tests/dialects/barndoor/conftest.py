from collections.abc import AsyncIterator

import pytest
from barndoor import BarndoorClient

from tests.dialects.barndoor.api import OPENAI, Api, Reach, api_of, client, reach
from tests.dialects.stage import Stage, Tenant


@pytest.fixture
async def sdk(tenant: Tenant) -> AsyncIterator[BarndoorClient]:
    async with client(tenant) as connected:
        yield connected


@pytest.fixture
def api(tenant: Tenant) -> Api:
    return api_of(tenant)


@pytest.fixture
def other(stage: Stage) -> Api:
    """Another organization."""
    return api_of(stage.tenant())


@pytest.fixture
def connection(api: Api) -> str:
    """The id of a connection to OpenAI."""
    return str(api.made("/connections", OPENAI)["id"])


@pytest.fixture
def gateway(stage: Stage, api: Api) -> Reach:
    return reach(stage, api)
