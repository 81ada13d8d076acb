"""The schema: made, recognised, brought forward, and left alone when it is newer."""
# ruff: noqa: ASYNC240 - a test may wait for its disk

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy import inspect as look

from strongroom.core.actions import DEFAULT_SCOPES
from strongroom.core.environments import StrayPlaceholders
from strongroom.core.failures import NotReady
from strongroom.core.ids import EnvironmentId, VaultId, WorkspaceId
from strongroom.core.vaults import Purpose
from strongroom.store import CURRENT, Inspection, State, inspect, open_store
from strongroom.store.migrations import configured, upgrade
from strongroom.store.schema import migrate
from strongroom.store.tables import metadata
from tests.store.things import Home, at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strongroom.db"


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


async def test_a_fresh_database_becomes_current(path: Path) -> None:
    assert (await inspect(path)).state is State.FRESH
    async with open_store(path, clock=at):
        pass
    assert await inspect(path) == Inspection(state=State.CURRENT, version=CURRENT)


async def test_an_empty_file_counts_as_fresh(path: Path) -> None:
    path.touch()
    assert (await inspect(path)).state is State.FRESH
    async with open_store(path, clock=at):
        pass
    assert (await inspect(path)).state is State.CURRENT


async def test_what_is_stored_is_there_when_it_is_opened_again(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        home = await Home().settle(store)
        vault = await home.stored_vault(store)
    async with open_store(path, clock=at) as store:
        assert await store.vaults.get(home.workspace, vault.id) == vault


async def test_the_installations_envelope_is_seen_before_anything_is_opened(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        await store.sealed.put_if_absent("installation", b"envelope")
        assert (await inspect(path)).installation == b"envelope"
    before = files(path)
    assert (await inspect(path)).installation == b"envelope"
    assert files(path) == before


async def test_a_newer_database_is_refused_and_not_touched(path: Path) -> None:
    async with open_store(path, clock=at):
        pass
    execute(path, "UPDATE alembic_version SET version_num = '9999'")
    before = files(path)
    assert (await inspect(path)).state is State.NEWER
    with pytest.raises(NotReady) as caught:
        async with open_store(path, clock=at):
            pass
    assert str(caught.value) == (
        f"the database was written by a newer Strongroom (schema 9999, this one knows {CURRENT}):"
        " install that version or restore a backup"
    )
    assert files(path) == before


async def test_an_older_database_is_recognised(path: Path) -> None:
    async with open_store(path, clock=at) as store:
        await store.sealed.put_if_absent("installation", b"envelope")
    execute(path, "UPDATE alembic_version SET version_num = '0000'")
    assert await inspect(path) == Inspection(state=State.OLDER, version=0, installation=b"envelope")


async def test_a_version_that_is_no_number_is_refused(path: Path) -> None:
    async with open_store(path, clock=at):
        pass
    execute(path, "UPDATE alembic_version SET version_num = 'abc'")
    with pytest.raises(NotReady, match="never writes"):
        await inspect(path)


async def test_nodes_that_start_at_once_agree_on_who_migrates(path: Path) -> None:
    async def start() -> None:
        async with open_store(path, clock=at) as store:
            assert await store.tenants.organizations() == []

    await asyncio.gather(*(start() for _ in range(4)))
    assert (await inspect(path)).state is State.CURRENT


async def test_a_migration_that_fails_leaves_nothing_behind(path: Path) -> None:
    # The version table alone, empty, is what an interrupted start of another tool may leave.
    execute(path, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    execute(path, "CREATE TABLE vaults (id TEXT)")
    with pytest.raises(NotReady):
        async with open_store(path, clock=at):
            pass
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == {"alembic_version", "vaults"}


async def test_a_database_of_the_first_schema_moves_forward_with_its_rows(path: Path) -> None:
    def as_the_first_release() -> None:
        with create_engine(f"sqlite:///{path}").begin() as connection:
            command.upgrade(configured(connection), "0001")
            connection.exec_driver_sql("INSERT INTO organizations VALUES ('org_1', 'Example', 1)")
            connection.exec_driver_sql("INSERT INTO workspaces VALUES ('wrkspc_1', 'org_1', 'main', 1)")
            connection.exec_driver_sql(
                "INSERT INTO environments (id, organization_id, workspace_id, name, config, metadata, created_at, "
                "updated_at) VALUES ('env_1', 'org_1', 'wrkspc_1', 'old', '{\"type\":\"self_hosted\"}', "
                "'{}', 1, 1)"
            )

    await asyncio.to_thread(as_the_first_release)
    assert await inspect(path) == Inspection(state=State.OLDER, version=1)
    async with open_store(path, clock=at) as store:
        environment = await store.environments.get(WorkspaceId("wrkspc_1"), EnvironmentId("env_1"))
        assert [each.name for each in await store.tenants.organizations()] == ["Example"]
    assert (environment.name, environment.stray_placeholders) == ("old", StrayPlaceholders.REPORT)
    assert (await inspect(path)).state is State.CURRENT


async def test_vaults_and_credentials_of_older_schemas_are_general_and_kept_with_us(path: Path) -> None:
    def as_schema_six() -> None:
        with create_engine(f"sqlite:///{path}").begin() as connection:
            command.upgrade(configured(connection), "0006")
            connection.exec_driver_sql("INSERT INTO organizations VALUES ('org_1', 'Example', 1)")
            connection.exec_driver_sql("INSERT INTO workspaces VALUES ('wrkspc_1', 'org_1', 'main', 1)")
            connection.exec_driver_sql(
                "INSERT INTO vaults VALUES ('vlt_1', 'org_1', 'wrkspc_1', 'v', '{}', 1, 1, NULL)"
            )
            connection.exec_driver_sql(
                "INSERT INTO credentials VALUES ('vcrd_1', 'org_1', 'wrkspc_1', 'vlt_1', 'environment_variable', "
                "'{\"secret_name\":\"T\"}', 'env:T', NULL, '{}', '{\"type\":\"unrestricted\"}', '[]', '{}', "
                "1, 1, 1, NULL, 'strongroom', x'00', 1)"
            )

    await asyncio.to_thread(as_schema_six)
    async with open_store(path, clock=at) as store:
        vault = await store.vaults.get(WorkspaceId("wrkspc_1"), VaultId("vlt_1"))
        [(credential, _)] = await store.credentials.active_in(WorkspaceId("wrkspc_1"), [vault.id])
    assert (vault.purpose, vault.home, credential.custodian) == (Purpose.GENERAL, None, "strongroom")


def migrated() -> Connection:
    connection = create_engine("sqlite://").connect()
    upgrade(connection)
    return connection


def test_a_database_that_became_newer_since_it_was_looked_at_is_left_alone() -> None:
    with migrated() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(NotReady, match="newer Strongroom"):
            migrate(connection)


def test_the_tables_and_the_migrations_describe_the_same_schema() -> None:
    with migrated() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_keys_that_could_do_everything_can_do_what_is_new_and_others_cannot() -> None:
    full = sorted({scope.value for scope in DEFAULT_SCOPES} - {"webhooks:read", "webhooks:write"})
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(configured(connection), "0002")
        connection.exec_driver_sql("INSERT INTO organizations VALUES ('org_1', 'o', 0)")
        connection.exec_driver_sql("INSERT INTO workspaces VALUES ('wrkspc_1', 'org_1', 'w', 0)")
        for name, scopes in (("full", full), ("ordinary", full[:-1])):
            values = (name, "org_1", "wrkspc_1", None, "", json.dumps(scopes), name.encode(), 0, None)
            connection.exec_driver_sql("INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        upgrade(connection)
        kept = {
            id_: json.loads(scopes) for id_, scopes in connection.exec_driver_sql("SELECT id, scopes FROM api_keys")
        }
    assert kept == {"full": sorted([*full, "webhooks:read", "webhooks:write"]), "ordinary": full[:-1]}


def test_the_active_key_index_is_unique_and_partial() -> None:
    with migrated() as connection:
        indexes = {index["name"]: index for index in look(connection).get_indexes("credentials")}
    index = indexes["ix_credentials_active_unique_key"]
    assert index["unique"]
    assert str(index["dialect_options"]["sqlite_where"]) == "archived_at IS NULL"


def test_the_newest_migration_is_the_schema_that_this_release_knows() -> None:
    with create_engine("sqlite://").connect() as connection:
        scripts = ScriptDirectory.from_config(configured(connection))
    assert scripts.get_current_head() == f"{CURRENT:04}"
    assert [script.revision for script in scripts.walk_revisions()] == [
        f"{number:04}" for number in range(CURRENT, 0, -1)
    ]
