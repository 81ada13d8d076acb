"""The vaults of others, each with its server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from tests.custody.stages import STAGES, Servers, Stage


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that tests share: started when the first test wants one, ended after the last."""
    with ExitStack() as stack:
        yield Servers(stack, tmp_path_factory.mktemp("custodians"))


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Stage]:
    async with STAGES[request.param](servers) as stage:
        yield stage
