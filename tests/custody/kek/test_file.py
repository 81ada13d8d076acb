import base64
from pathlib import Path

import pytest

from strongroom.core.failures import NotReady, Unreadable
from strongroom.crypto.dek import Dek
from strongroom.crypto.keyring import KekHolder
from strongroom.custody.kek import open_kek
from strongroom.testing.entropy import CountingEntropy

DEK = Dek(b"d" * 32)


def made_in(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()]


async def opened(data_dir: Path, *, create: bool, spec: str = "file:", label: str = "entropy") -> KekHolder:
    entropy = CountingEntropy(label=label)
    return await open_kek(spec, data_dir=data_dir, entropy=entropy, passphrase=None, create=create)


async def test_a_new_key_is_one_line_for_its_owner_alone(tmp_path: Path) -> None:
    await opened(tmp_path, create=True)
    path = tmp_path / "root-key"
    assert path.stat().st_mode & 0o777 == 0o600
    tag, _, encoded = path.read_text(encoding="ascii").removesuffix("\n").partition(":")
    assert tag == "strongroom-root-key-1"
    assert len(base64.b64decode(encoded, validate=True)) == 32
    assert made_in(tmp_path) == ["root-key"]


async def test_what_was_wrapped_opens_after_a_restart(tmp_path: Path) -> None:
    wrapped = await (await opened(tmp_path, create=True)).wrap(DEK, b"here")
    again = await opened(tmp_path, create=False, label="later")
    assert (await again.unwrap(wrapped, b"here")).expose() == DEK.expose()
    with pytest.raises(Unreadable):
        await again.unwrap(wrapped, b"there")


async def test_a_key_that_exists_is_never_written_over(tmp_path: Path) -> None:
    await opened(tmp_path, create=True)
    before = (tmp_path / "root-key").read_bytes()
    await opened(tmp_path, create=True, label="later")
    assert (tmp_path / "root-key").read_bytes() == before


async def test_another_place_is_named_in_the_spec(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere"
    await opened(tmp_path / "unused", create=True, spec=f"file:{path}")
    assert path.exists()


async def test_a_missing_key_says_what_to_do_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"root-key is missing: put it back"):
        await opened(tmp_path, create=False)
    assert made_in(tmp_path) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777, 0o610])
async def test_a_key_that_others_can_read_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    await opened(tmp_path, create=True)
    path = tmp_path / "root-key"
    path.chmod(mode)
    with pytest.raises(NotReady, match=f"chmod 600 {path}"):
        await opened(tmp_path, create=False)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "strongroom-root-key-1:\n",
        "strongroom-root-key-1:" + base64.b64encode(b"short").decode(),
        "strongroom-root-key-1:" + base64.b64encode(b"l" * 33).decode(),
        "strongroom-root-key-1:not base64, sentinel",
        "strongroom-root-key-2:" + base64.b64encode(b"k" * 32).decode(),
        base64.b64encode(b"k" * 32).decode(),
        "strongroom-root-key-1:\u00e9" + "A" * 43,
    ],
)
async def test_a_damaged_key_is_named_and_not_quoted(tmp_path: Path, line: str) -> None:
    path = tmp_path / "root-key"
    path.write_text(line, encoding="utf-8")
    path.chmod(0o600)
    for create in (True, False):
        with pytest.raises(NotReady) as raised:
            await opened(tmp_path, create=create)
        assert str(raised.value) == f"the root key file {path} is damaged: put an undamaged copy in its place"
    assert path.read_text(encoding="utf-8") == line


async def test_a_directory_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="make its directory writable"):
        await opened(tmp_path / "missing", create=True)


async def test_a_path_that_is_no_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="cannot be read"):
        await opened(tmp_path, create=True, spec=f"file:{tmp_path}")
