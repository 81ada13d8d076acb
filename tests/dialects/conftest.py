from collections.abc import Iterator

import pytest

from tests.dialects.stage import Raw, Stage, Tenant, running


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running(tmp_path_factory.mktemp("stage")) as started:
        yield started


@pytest.fixture
def tenant(stage: Stage) -> Tenant:
    return stage.tenant()


@pytest.fixture
def raw(tenant: Tenant) -> Raw:
    return tenant.raw()
