"""A file is one idea, of a size one can read, under a name that says something."""

import pytest

from tests.architecture.source import modules

LONGEST = 400
VAGUE = {"data", "helper", "helpers", "info", "manager", "managers", "process", "util", "utils"}


def vague(name: str) -> set[str]:
    """The parts of a dotted name whose noun says nothing: its last word (`data_dir` is a directory)."""
    return {part.strip("_").split("_")[-1] for part in name.split(".")} & VAGUE


def test_no_file_is_longer_than_one_idea() -> None:
    long = {module.name: lines for module in modules() if (lines := len(module.text.splitlines())) > LONGEST}
    assert long == {}, "look whether two ideas share a roof"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert {module.name: words for module in modules() if (words := vague(module.name))} == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("strongroom.key_manager", {"manager"}),
        ("strongroom.utils.text", {"utils"}),
        ("strongroom.core._helpers", {"helpers"}),
        ("strongroom.data_dir", set[str]()),
        ("strongroom.core.metadata", set[str]()),
        ("strongroom.services.vaults", set[str]()),
    ],
)
def test_a_vague_name_is_found(name: str, words: set[str]) -> None:
    assert vague(name) == words
