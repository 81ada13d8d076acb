from pathlib import Path

import pytest

from strongroom.core.failures import NotReady
from strongroom.custody.kek import KEK_HOLDERS, open_kek, parse_spec
from strongroom.testing.entropy import CountingEntropy


def made_in(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()]


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("file:", ("file", "")),
        ("file:/srv/root-key", ("file", "/srv/root-key")),
        ("passphrase:", ("passphrase", "")),
        ("file:/with:colon", ("file", "/with:colon")),
    ],
)
def test_a_spec_is_a_scheme_and_the_rest(spec: str, parts: tuple[str, str]) -> None:
    assert parse_spec(spec) == parts


@pytest.mark.parametrize("spec", ["", "file", "/srv/root-key", "hunter2", "hunter2:", "FILE:", " file:"])
def test_an_unknown_scheme_gets_the_list_of_known_ones_and_is_not_repeated(spec: str) -> None:
    with pytest.raises(NotReady) as raised:
        parse_spec(spec)
    assert str(raised.value) == "--root-key must begin with one of file:, passphrase:"


async def test_an_unknown_scheme_touches_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        await open_kek("hsm:", data_dir=tmp_path, entropy=CountingEntropy(), passphrase=None, create=True)
    assert made_in(tmp_path) == []


def test_the_table_lists_what_this_version_holds() -> None:
    assert list(KEK_HOLDERS) == ["file", "passphrase"]
