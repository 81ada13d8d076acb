"""docs/clients.md says of each client what the tests hold it to."""

from pathlib import Path

import pytest

from strongroom.core.client_variables import CA_VARIABLES
from tests.clients.table import clients, table
from tests.needs import ROOT

PAGE = ROOT / "docs" / "clients.md"
BEGIN, END = "<!-- clients -->\n", "\n<!-- /clients -->"


def between_marks(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def test_the_table_is_the_one_that_the_tests_read() -> None:
    assert between_marks(PAGE) == table(), f"put this between the marks of {PAGE.name}:\n{table()}"


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_every_variable_that_is_set_is_explained(name: str) -> None:
    proved = {variable for client in clients() for variable in client.trust}
    assert name in proved or f"`{name}`" in PAGE.read_text(encoding="utf-8").partition(END)[2]
