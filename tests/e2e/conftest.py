from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.e2e.stage import House, Upstream, running_house, running_upstream


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), authority) as running:
        yield running


@pytest.fixture
def upstream(authority: trustme.CA) -> Iterator[Upstream]:
    with running_upstream(authority) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
