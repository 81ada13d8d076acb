"""The stage that all client tests of one test process share: it is started once."""

from collections.abc import Iterator

import pytest

from tests.clients.stage import Stage, running_stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_stage(tmp_path_factory.mktemp("clients")) as running:
        yield running
