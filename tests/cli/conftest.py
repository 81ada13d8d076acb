"""A running server, and the command line beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cli.shell import Shell
from tests.e2e.stage import House, running_house
from tests.needs import need_namespaces


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    with running_house(tmp_path_factory.mktemp("house"), authority) as running:
        yield running


@pytest.fixture
def shell(house: House, tmp_path: Path) -> Shell:
    """A shell of the person who started the server."""
    variables = {"STRONGROOM_URL": house.api, "STRONGROOM_DATA_DIR": str(house.data_dir)}
    return Shell(home=tmp_path, variables=variables)


@pytest.fixture
def lonely(tmp_path: Path) -> Shell:
    """A shell on a machine where no server was ever started."""
    return Shell(home=tmp_path, variables={"STRONGROOM_URL": "http://127.0.0.1:9"})


@pytest.fixture(params=[("run",), ("run", "--isolate")], ids=" ".join)
def run(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """How it is typed: all that follows holds for both."""
    words: tuple[str, ...] = request.param
    if "--isolate" in words:
        need_namespaces()
    return words
