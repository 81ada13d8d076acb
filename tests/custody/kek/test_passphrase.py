import json
from pathlib import Path

import pytest

from strongroom.core.failures import NotReady, Unreadable
from strongroom.core.secret import Secret
from strongroom.crypto.dek import Dek
from strongroom.crypto.keyring import KekHolder
from strongroom.crypto.passwords import TESTS_ONLY
from strongroom.custody.kek.asked import KekAsked
from strongroom.custody.kek.passphrase import open_passphrase
from strongroom.testing.entropy import CountingEntropy

DEK = Dek(b"d" * 32)
NAME = "root-passphrase.json"


def asked(data_dir: Path, *, create: bool, passphrase: str | None = "correct horse") -> KekAsked:
    return KekAsked(
        rest="",
        data_dir=data_dir,
        entropy=CountingEntropy(),
        passphrase=None if passphrase is None else lambda: Secret(passphrase),
        create=create,
        costs=TESTS_ONLY,
    )


def made_in(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()]


async def opened(data_dir: Path, *, create: bool, passphrase: str | None = "correct horse") -> KekHolder:
    return await open_passphrase(asked(data_dir, create=create, passphrase=passphrase))


async def test_the_same_passphrase_opens_after_a_restart(tmp_path: Path) -> None:
    wrapped = await (await opened(tmp_path, create=True)).wrap(DEK, b"here")
    assert (await (await opened(tmp_path, create=False)).unwrap(wrapped, b"here")).expose() == DEK.expose()


async def test_another_passphrase_does_not(tmp_path: Path) -> None:
    wrapped = await (await opened(tmp_path, create=True)).wrap(DEK, b"here")
    with pytest.raises(Unreadable, match="wrong root key"):
        await (await opened(tmp_path, create=False, passphrase="battery staple")).unwrap(wrapped, b"here")


async def test_the_file_beside_the_database_holds_salt_and_costs_only(tmp_path: Path) -> None:
    await opened(tmp_path, create=True)
    written = (tmp_path / NAME).read_text(encoding="ascii")
    assert set(json.loads(written)) == {"format", "salt", "argon2id"}
    assert json.loads(written)["argon2id"] == {"passes": 1, "memory_kib": 8, "lanes": 1}
    assert "correct" not in written


async def test_two_installations_with_one_passphrase_have_different_keys(tmp_path: Path) -> None:
    for name, label in (("one", "a"), ("two", "b")):
        (tmp_path / name).mkdir()
        request = asked(tmp_path / name, create=True)
        await open_passphrase(
            KekAsked(
                rest="",
                data_dir=request.data_dir,
                entropy=CountingEntropy(label=label),
                passphrase=request.passphrase,
                create=True,
                costs=TESTS_ONLY,
            )
        )
    wrapped = await (await opened(tmp_path / "one", create=False)).wrap(DEK, b"")
    with pytest.raises(Unreadable):
        await (await opened(tmp_path / "two", create=False)).unwrap(wrapped, b"")


async def test_a_missing_salt_says_what_to_do_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="is missing: put it back"):
        await opened(tmp_path, create=False)
    assert made_in(tmp_path) == []


@pytest.mark.parametrize("passphrase", [None, ""])
async def test_without_a_passphrase_nothing_is_made(tmp_path: Path, passphrase: str | None) -> None:
    with pytest.raises(NotReady, match="STRONGROOM_ROOT_PASSPHRASE"):
        await opened(tmp_path, create=True, passphrase=passphrase)
    assert made_in(tmp_path) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"salt": ""},
        {"salt": "%%%"},
        {"salt": 7},
        {"argon2id": {}},
        {"argon2id": []},
        {"argon2id": {"passes": 0, "memory_kib": 8, "lanes": 1}},
        {"argon2id": {"passes": 1, "memory_kib": 7, "lanes": 1}},
        {"argon2id": {"passes": 1, "memory_kib": 1 << 30, "lanes": 1}},
        {"argon2id": {"passes": 1 << 30, "memory_kib": 8, "lanes": 1}},
        {"argon2id": {"passes": 1, "memory_kib": 8, "lanes": "1"}},
        {"argon2id": {"passes": True, "memory_kib": 8, "lanes": 1}},
    ],
)
async def test_a_damaged_salt_file_is_one_sentence(tmp_path: Path, changes: dict[str, object]) -> None:
    await opened(tmp_path, create=True)
    path = tmp_path / NAME
    path.write_text(json.dumps(json.loads(path.read_text(encoding="ascii")) | changes), encoding="ascii")
    with pytest.raises(NotReady, match="is damaged"):
        await opened(tmp_path, create=False)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "7"])
async def test_a_salt_file_that_is_no_json_object_is_one_sentence(tmp_path: Path, text: str) -> None:
    await opened(tmp_path, create=True)
    (tmp_path / NAME).write_text(text, encoding="ascii")
    with pytest.raises(NotReady, match="is damaged"):
        await opened(tmp_path, create=True)
