from pathlib import Path

import pytest

from strongroom.core.failures import NotReady
from strongroom.core.secret import Secret
from strongroom.custody.kek import KEK_HOLDERS, PassphraseNeed, open_kek, parse_spec, passphrase_need
from strongroom.custody.kek.missing import OWN_FILES
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


def test_every_holder_with_a_file_of_its_own_is_known_by_it() -> None:
    assert OWN_FILES.keys() <= KEK_HOLDERS.keys()


@pytest.mark.parametrize(("made", "asked"), [("file:", "passphrase:"), ("passphrase:", "file:")])
async def test_whoever_starts_with_another_holder_is_told_the_right_one(tmp_path: Path, made: str, asked: str) -> None:
    (tmp_path / OWN_FILES[made.removesuffix(":")]).touch(0o600)
    before = made_in(tmp_path)
    with pytest.raises(NotReady, match=f"was made with another --root-key: start with --root-key {made}$"):
        await open_kek(
            asked, data_dir=tmp_path, entropy=CountingEntropy(), passphrase=lambda: Secret("x"), create=False
        )
    assert made_in(tmp_path) == before


def test_a_passphrase_is_asked_for_where_it_could_open_something(tmp_path: Path) -> None:
    assert passphrase_need("file:", tmp_path) is PassphraseNeed.NONE
    assert passphrase_need("passphrase:", tmp_path) is PassphraseNeed.NEW
    assert passphrase_need("passphrase:", tmp_path / "missing") is PassphraseNeed.NEW
    (tmp_path / "elsewhere").touch()
    assert passphrase_need(f"passphrase:{tmp_path / 'elsewhere'}", tmp_path) is PassphraseNeed.KNOWN
    (tmp_path / "root-key").touch()
    assert passphrase_need("passphrase:", tmp_path) is PassphraseNeed.NONE
    (tmp_path / "root-passphrase.json").touch()
    assert passphrase_need("passphrase:", tmp_path) is PassphraseNeed.KNOWN
    with pytest.raises(NotReady, match="must begin with one of"):
        passphrase_need("hunter2", tmp_path)
