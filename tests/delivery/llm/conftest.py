from collections.abc import AsyncIterator, Iterator

import pytest

from tests.delivery.llm.rig import Rig, rig_of
from tests.delivery.llm.vendors import Vendor, vendor
from tests.dialects.stage import Stage, running

LEADS = {"metadata.example.com": "169.254.169.254", "inner.example.com": "10.0.0.1"}


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("llm"), reaches_loopback=True, resolve=LEADS) as started:
        yield started


@pytest.fixture
def rig(stage: Stage) -> Rig:
    return rig_of(stage)


@pytest.fixture
async def upstream() -> AsyncIterator[Vendor]:
    async with vendor() as started:
        yield started
