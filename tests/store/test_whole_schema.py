"""A new SQLite database is laid at once, and is to the letter what the migrations would have made."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine

from strongroom.core.failures import NotReady
from strongroom.store import schema
from strongroom.store.migrations import upgrade
from strongroom.store.whole_schema import WHERE, lay, written


@contextmanager
def new() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def driven(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def everything(connection: Connection) -> tuple[list[str], set[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return all that a SQLite file holds: its dump, the objects that it lists, and what its header says."""
    driver = driven(connection)
    pragmas = ("user_version", "application_id", "encoding", "auto_vacuum", "page_size")
    return (
        list(driver.iterdump()),
        set(driver.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")),
        [driver.execute(f"PRAGMA {name}").fetchone() for name in pragmas],
    )


def test_what_is_laid_is_what_the_migrations_make() -> None:
    with new() as walked, new() as laid:
        upgrade(walked)
        lay(laid)
        assert everything(laid) == everything(walked)


def test_the_file_is_what_the_newest_migration_leaves() -> None:
    with new() as walked:
        upgrade(walked)
        assert WHERE.read_text(encoding="utf-8") == written(driven(walked)), "a migration came: run `make schema`"


def test_a_start_lays_it_where_there_is_nothing_and_once() -> None:
    statements: list[str] = []
    with new() as connection:
        driven(connection).set_trace_callback(statements.append)
        schema.migrate(connection)
        first = everything(connection)
        assert not any("DROP" in each or "ALTER" in each for each in statements)  # of which the migrations have many
        schema.migrate(connection)
        assert everything(connection) == first


def test_it_is_laid_over_nothing_that_is_there_already() -> None:
    with new() as connection:  # what an interrupted start may leave: the migrations know how to go on from it
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        schema.migrate(connection)
        with new() as laid:
            lay(laid)
            tables = {name for kind, name, *_ in everything(laid)[1] if kind == "table"}
        assert {name for kind, name, *_ in everything(connection)[1] if kind == "table"} == tables
    with new() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id TEXT)")
        with pytest.raises(NotReady, match="not Strongroom's"):
            schema.migrate(connection)
