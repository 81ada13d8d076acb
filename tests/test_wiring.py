"""What a start proves before it touches anything, and what it leaves behind."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from strongroom.assembly.doors import Doors
from strongroom.core.failures import NotAuthenticated, NotReady
from strongroom.core.secret import Secret
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import House, build

DOORS = Doors(api=("127.0.0.1", 1), proxy=("127.0.0.1", 2))


def settings(folder: Path, **more: str) -> Settings:
    environ: Mapping[str, str] = {f"STRONGROOM_{name.upper()}": value for name, value in more.items()}
    return Settings.load(environ, {"data_dir": folder / "data"})


async def started(folder: Path, **more: str) -> Secret | None:
    async with build(settings(folder, **more), Edge(), doors=DOORS) as house:
        return house.first_key


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "data").iterdir()) if path.name != "lock"}


async def known(house: House, key: str) -> bool:
    try:
        await house.services.authentication.principal(Secret(key))
    except NotAuthenticated:
        return False
    return True


async def test_the_first_start_makes_a_private_directory_and_a_key_that_works(tmp_path: Path) -> None:
    key = await started(tmp_path)
    assert key is not None
    written = (tmp_path / "data" / "admin-key").read_text().strip()
    assert key == Secret(written)
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in (tmp_path / "data").glob("*key")} == {
        "admin-key": "600",
        "root-key": "600",
    }
    assert oct((tmp_path / "data").stat().st_mode)[-3:] == "700"
    async with build(settings(tmp_path), Edge(), doors=DOORS) as house:
        assert house.first_key is None
        assert await known(house, written)


async def test_a_key_of_the_operators_own_is_the_first_key(tmp_path: Path) -> None:
    own = "an-operators-own-admin-key"
    async with build(settings(tmp_path, admin_key=own), Edge(), doors=DOORS) as house:
        assert await known(house, own)
    assert (tmp_path / "data" / "admin-key").read_text() == own + "\n"


async def test_a_first_start_that_ended_half_way_does_not_lose_its_key(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "admin-key").write_text("srk_kept_before_the_crash\n")
    async with build(settings(tmp_path), Edge(), doors=DOORS) as house:
        assert await known(house, "srk_kept_before_the_crash")


@pytest.mark.parametrize("how", ["wrong", "missing"])
async def test_a_wrong_or_missing_root_key_touches_nothing(tmp_path: Path, how: str) -> None:
    await started(tmp_path)
    await started(tmp_path.joinpath("other"))
    root_key = tmp_path / "data" / "root-key"
    root_key.unlink()
    if how == "wrong":
        (tmp_path / "other" / "data" / "root-key").rename(root_key)
    before = contents(tmp_path)
    with pytest.raises(NotReady):
        await started(tmp_path)
    assert contents(tmp_path) == before


async def test_a_directory_whose_database_is_missing_is_not_begun_anew(tmp_path: Path) -> None:
    await started(tmp_path)
    for path in (tmp_path / "data").glob("strongroom.db*"):
        path.unlink()
    before = contents(tmp_path)
    with pytest.raises(NotReady, match="database is missing"):
        await started(tmp_path)
    assert contents(tmp_path) == before


async def test_one_directory_serves_one_server(tmp_path: Path) -> None:
    async with build(settings(tmp_path), Edge(), doors=DOORS):
        with pytest.raises(NotReady, match="another server"):
            await started(tmp_path)


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/strongroom"])
async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").write_text("mine")
    folder = tmp_path / place  # an absolute place stays what it is: in /proc not even root can make one
    with pytest.raises(NotReady, match=str(folder)):
        async with build(Settings.load({}, {"data_dir": folder}), Edge(), doors=DOORS):
            pass
    assert (tmp_path / "a-file").read_text() == "mine"
