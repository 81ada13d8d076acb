"""What the embedded database promises beyond the contract: the disk, the file and what is left in it."""
# ruff: noqa: ANN401, ARG005, ASYNC240 - small functions by the dozen; a test may wait for its disk

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from strongroom.core.audit import Intact, verify
from strongroom.core.failures import NotReady, Unavailable
from strongroom.core.pages import PageQuery
from strongroom.services.ports import Custody, Store
from strongroom.store import assembled, inspect, open_store
from strongroom.store.schema import FRESH
from strongroom.store.sqlite import SqliteDatabase, SqliteDriver
from tests.store.things import Home, at

SEALED = b"sealed-bytes-that-must-not-stay:" + bytes(range(256)) * 40
"""Long enough to spill over its page."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strongroom.db"


def traces(path: Path) -> list[str]:
    """The files of the database in which a piece of the sealed bytes stands."""
    pieces = [SEALED[:32], *(SEALED[start : start + 64] for start in range(32, len(SEALED) - 64, 256))]
    found = []
    for each in path.parent.iterdir():
        content = each.read_bytes()
        if any(piece in content for piece in pieces):
            found.append(each.name)
    return found


# --- the file ----------------------------------------------------------------------------------


async def test_the_file_and_its_companions_are_ours_alone(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        await Home().settle(store)
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == {path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}


async def test_a_file_a_path_and_a_url_mean_the_same(path: Path) -> None:
    async with open_store(f"sqlite:///{path}", clock=at) as store:
        await store.sealed.put_if_absent("installation", b"one")
    async with open_store(str(path), clock=at) as store:
        assert await store.sealed.get("installation") == b"one"


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("oracle://host/name", "no driver for oracle databases: use one of sqlite"),
        ("sqlite://", "a sqlite URL names a file"),
        ("sqlite:///:memory:", "a sqlite URL names a file"),
        ("://", "the database URL cannot be read"),
    ],
)
async def test_a_url_that_leads_nowhere_is_told_in_one_sentence(where: str, sentence: str) -> None:
    with pytest.raises(NotReady, match=sentence):
        await inspect(where)


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to have a header\n" * 40, b"x"])
async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for asked in (inspect(path), opened(path)):
        with pytest.raises(NotReady, match="not a usable database"):
            await asked
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


async def test_someone_elses_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(NotReady, match="not Strongroom's"):
        await opened(path)
    assert path.read_bytes() == before


async def test_a_place_that_cannot_be_written_to_is_told_in_one_sentence(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    for place in (in_the_way / "strongroom.db", tmp_path / "missing" / "strongroom.db"):
        with pytest.raises(NotReady, match="cannot write to"):
            await opened(place)


async def test_looking_makes_no_file(path: Path) -> None:
    assert await inspect(path) == FRESH
    assert list(path.parent.iterdir()) == []


async def opened(where: Path) -> None:
    async with open_store(where, clock=at):
        raise AssertionError("it opened")


# --- the disk ----------------------------------------------------------------------------------


WRITER = """
import asyncio, sys
from strongroom.store import open_store
from tests.store.things import Home, at, receipt

async def main() -> None:
    async with open_store(sys.argv[1], clock=at) as store:
        home = await Home().settle(store)
        vault = await home.stored_vault(store)
        for number in range(1_000_000):
            await asyncio.gather(home.stored_vault(store), store.audit.append([home.record()]))
            print(home.workspace, home.organization, number + 1, flush=True)

asyncio.run(main())
"""


async def test_what_was_answered_survives_a_kill(path: Path) -> None:
    root = Path(__file__).parents[2]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env={"PYTHONPATH": f"{root / 'src'}:{root}"},
    )
    assert child.stdout is not None
    lines = [(await child.stdout.readline()).split() for _ in range(20)]
    child.kill()
    await child.communicate()
    assert child.returncode == -signal.SIGKILL
    workspace, organization, answered = (part.decode() for part in lines[-1])
    async with open_store(path, clock=at) as store:
        vaults: Any = await store.vaults.page(workspace, PageQuery(limit=1000))  # type: ignore[arg-type]
        entries = await store.audit.entries(organization)  # type: ignore[arg-type]
        assert len(vaults.rows) > int(answered)
        assert len(entries) >= int(answered)
        assert verify(entries, await store.audit.head(organization)) == Intact(len(entries))  # type: ignore[arg-type]


async def test_writes_wait_for_the_disk(path: Path) -> None:
    async with SqliteDriver(path=path).open() as database:
        assert await database.write(pragma("synchronous")) == 2
        assert await database.write(pragma("journal_mode")) == "wal"
        assert await database.write(pragma("secure_delete")) == 1
        assert await database.write(pragma("foreign_keys")) == 1


async def test_a_read_cannot_write(path: Path) -> None:
    async with SqliteDriver(path=path).open() as database:
        with pytest.raises(Unavailable):
            await database.read(lambda connection: connection.exec_driver_sql("DELETE FROM vaults"))


def pragma(name: str) -> Any:
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar()


# --- many at once --------------------------------------------------------------------------------


def commits(database: SqliteDatabase) -> list[object]:
    """A list that grows by one with each committed write."""
    seen: list[object] = []
    engine: Engine = database._writer
    event.listen(engine, "commit", seen.append)
    return seen


async def test_appends_that_meet_share_a_transaction(path: Path) -> None:
    async with SqliteDriver(path=path).open() as database:
        store = await assembled(database, clock=at)
        home = await Home().settle(store)
        seen = commits(database)
        await asyncio.gather(*(store.audit.append([home.record()]) for _ in range(50)))
        assert len(seen) == 2
        assert len(await store.audit.entries(home.organization)) == 50


async def test_an_append_is_answered_only_after_its_commit(path: Path) -> None:
    async with SqliteDriver(path=path).open() as database:
        store = await assembled(database, clock=at)
        home = await Home().settle(store)
        seen = commits(database)

        async def append() -> int:
            await store.audit.append([home.record()])
            return len(seen)

        answered = await asyncio.gather(*(append() for _ in range(10)))
    assert answered[0] >= 1
    assert answered[1:] == [2] * 9


async def test_reads_go_on_while_a_write_is_under_way(path: Path) -> None:
    async with SqliteDriver(path=path).open() as database:
        store = await assembled(database, clock=at)
        home = await Home().settle(store)
        vault = await home.stored_vault(store)
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()

        def slow(_connection: object) -> None:
            asyncio.run_coroutine_threadsafe(read_meanwhile(), loop).result(timeout=10)

        async def read_meanwhile() -> None:
            begun.set()
            assert await store.vaults.get(home.workspace, vault.id) == vault

        await database.write(slow)
        assert begun.is_set()


async def test_a_database_that_stays_locked_is_unavailable_and_says_no_more(path: Path, caplog: Any) -> None:
    async with SqliteDriver(path=path).open() as database:
        store = await assembled(database, clock=at)
        home = await Home().settle(store)
        with database._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=1")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable) as caught:
                await home.stored_vault(store)
            other.execute("ROLLBACK")
        assert str(caught.value) == "the database does not answer"
        assert "OperationalError: database is locked" in caplog.text
        await home.stored_vault(store)


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        pass
    with pytest.raises(Unavailable):
        await store.sealed.get("x")
    with pytest.raises(Unavailable):
        await store.sealed.put_if_absent("x", b"y")


# --- what is destroyed -----------------------------------------------------------------------------


async def prepared(store: Store) -> tuple[Home, Any, Any]:
    home = await Home().settle(store)
    vault = await home.stored_vault(store)
    credential = home.credential(vault.id)
    await store.credentials.add(credential, Custody("envelope", SEALED, 1))
    for _ in range(5):
        await home.stored_credential(store, vault.id)
    return home, vault, credential


async def test_the_bytes_that_are_looked_for_are_found_while_they_are_kept(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        await prepared(store)
        assert traces(path) == [f"{path.name}-wal"]
    assert traces(path) == [path.name]


@pytest.mark.parametrize(
    "destroy",
    [
        lambda store, home, vault, credential: store.vaults.archive(home.workspace, vault.id, at(1)),
        lambda store, home, vault, credential: store.vaults.delete(home.workspace, vault.id),
        lambda store, home, vault, credential: store.credentials.archive(
            home.workspace, vault.id, credential.id, at(1)
        ),
        lambda store, home, vault, credential: store.credentials.delete(home.workspace, vault.id, credential.id),
        lambda store, home, vault, credential: store.credentials.replace(
            credential, Custody("envelope", b"new", 1), expected=1
        ),
    ],
    ids=["vault archived", "vault deleted", "archived", "deleted", "rotated"],
)
async def test_destroyed_receipts_are_in_no_file_when_it_is_answered(path: Path, destroy: Any) -> None:
    async with open_store(path, clock=at) as store:
        home, vault, credential = await prepared(store)
    async with open_store(path, clock=at) as store:  # now they are in the file; put copies of its pages in the log, too
        for _ in range(3):
            await home.stored_credential(store, vault.id)
        await destroy(store, home, vault, credential)
        assert traces(path) == []
    assert traces(path) == []


async def test_a_reader_in_the_way_delays_the_cleaning_to_the_next_write(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        home, vault, credential = await prepared(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM vaults").fetchall()
            await store.credentials.archive(home.workspace, vault.id, credential.id, at(1))
            assert traces(path) != []
            reader.execute("ROLLBACK")
        await home.stored_vault(store)
        assert traces(path) == []
