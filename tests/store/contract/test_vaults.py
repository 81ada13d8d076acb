"""Vaults, and what archiving one does to its credentials."""

import asyncio
from dataclasses import replace

import pytest

from strongroom.core.failures import Invalid, NotFound
from strongroom.core.ids import VaultId
from strongroom.core.pages import PageQuery
from strongroom.core.vaults import Purpose
from strongroom.services.ports import Store
from tests.store.backends import Backend
from tests.store.things import Home, at, ids, receipt


async def test_a_vault_comes_back_as_it_was(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    assert await store.vaults.get(home.workspace, vault.id) == vault


async def test_a_home_comes_back_as_it_was(store: Store, home: Home) -> None:
    vault = home.vault(purpose=Purpose.PROVIDER, home="provider/acme")
    assert await store.vaults.home(home.workspace, "provider/acme") is None
    assert await store.vaults.settle(vault) == vault
    assert await store.vaults.home(home.workspace, "provider/acme") == vault
    assert await store.vaults.get(home.workspace, vault.id) == vault


async def test_of_many_that_settle_at_once_one_is_there(store: Store, home: Home, backend: Backend) -> None:
    async with backend.open(at) as second:
        tried = [
            (store, second)[turn % 2].vaults.settle(home.vault(purpose=Purpose.LOGINS, home="logins"))
            for turn in range(8)
        ]
        settled = await asyncio.gather(*tried)
    assert len(set(ids(settled))) == 1
    assert ids((await store.vaults.page(home.workspace, PageQuery(limit=9))).rows) == [settled[0].id]


async def test_each_workspace_has_a_home_of_its_own_and_a_new_one_after_it_is_archived(
    store: Store, home: Home, elsewhere: Home
) -> None:
    first = await store.vaults.settle(home.vault(purpose=Purpose.LOGINS, home="logins"))
    other = await store.vaults.settle(elsewhere.vault(purpose=Purpose.LOGINS, home="logins"))
    assert other.id != first.id
    await store.vaults.archive(home.workspace, first.id, at(1))
    assert await store.vaults.home(home.workspace, "logins") is None
    second = await store.vaults.settle(home.vault(purpose=Purpose.LOGINS, home="logins"))
    assert second.id != first.id
    assert await store.vaults.home(elsewhere.workspace, "logins") == other


async def test_a_page_is_of_the_purposes_that_were_asked_for(store: Store, home: Home) -> None:
    general = await home.stored_vault(store)
    logins = await store.vaults.settle(home.vault(purpose=Purpose.LOGINS, home="logins"))
    query = PageQuery(limit=9)
    assert ids((await store.vaults.page(home.workspace, query)).rows) == [logins.id, general.id]
    for purposes, shown in (({Purpose.GENERAL}, [general.id]), ({Purpose.LOGINS}, [logins.id]), (set(), [])):
        assert ids((await store.vaults.page(home.workspace, query, purposes=purposes)).rows) == shown


async def test_an_unknown_vault_is_not_found(store: Store, home: Home) -> None:
    with pytest.raises(NotFound, match="vault vlt_x not found"):
        await store.vaults.get(home.workspace, VaultId("vlt_x"))


async def test_another_workspace_finds_nothing(store: Store, home: Home, elsewhere: Home) -> None:
    vault = await home.stored_vault(store)
    for asked in (
        store.vaults.get(elsewhere.workspace, vault.id),
        store.vaults.archive(elsewhere.workspace, vault.id, at(1)),
        store.vaults.delete(elsewhere.workspace, vault.id),
    ):
        with pytest.raises(NotFound):
            await asked
    stolen = replace(vault, workspace=elsewhere.workspace, display_name="mine now")
    assert not await store.vaults.replace(stolen, expected=vault.updated_at)
    assert (await store.vaults.page(elsewhere.workspace, PageQuery(limit=9))).rows == ()
    assert await store.vaults.get(home.workspace, vault.id) == vault


async def test_a_text_that_is_not_unicode_is_refused_and_nothing_is_stored(store: Store, home: Home) -> None:
    for changes in ({"display_name": "\ud800"}, {"metadata": {"key": "\ud800"}}):
        with pytest.raises(Invalid):
            await home.stored_vault(store, **changes)
    assert (await store.vaults.page(home.workspace, PageQuery(limit=9))).rows == ()


async def test_a_change_is_written_if_nobody_was_faster(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    renamed = replace(vault, display_name="Bob's", metadata={}, updated_at=at(1))
    assert await store.vaults.replace(renamed, expected=vault.updated_at)
    assert not await store.vaults.replace(replace(vault, display_name="late"), expected=vault.updated_at)
    assert await store.vaults.get(home.workspace, vault.id) == renamed


async def test_of_two_changes_at_once_one_wins(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    changes = [replace(vault, display_name=name, updated_at=at(1)) for name in "ab"]
    won = await asyncio.gather(*(store.vaults.replace(change, expected=vault.updated_at) for change in changes))
    assert sorted(won) == [False, True]
    assert await store.vaults.get(home.workspace, vault.id) == changes[won.index(True)]


async def test_a_change_at_the_moment_of_archiving_does_not_undo_it(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    await store.vaults.archive(home.workspace, vault.id, vault.updated_at)
    assert not await store.vaults.replace(replace(vault, display_name="late"), expected=vault.updated_at)
    assert (await store.vaults.get(home.workspace, vault.id)).archived_at == vault.updated_at


async def test_archiving_takes_the_credentials_along_at_one_moment(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    active = [await home.stored_credential(store, vault.id) for _ in range(2)]
    earlier = await home.stored_credential(store, vault.id)
    await store.credentials.archive(home.workspace, vault.id, earlier.id, at(1))
    assert await store.vaults.archive(home.workspace, vault.id, at(5)) == replace(
        vault, archived_at=at(5), updated_at=at(5)
    )
    for credential in active:
        assert await store.credentials.get(home.workspace, vault.id, credential.id) == replace(
            credential, archived_at=at(5), updated_at=at(5), revision=2
        )
        assert await store.credentials.custody(credential.id) is None
    assert (await store.credentials.get(home.workspace, vault.id, earlier.id)).archived_at == at(1)


async def test_archiving_again_changes_nothing(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    first = await store.vaults.archive(home.workspace, vault.id, at(5))
    assert await store.vaults.archive(home.workspace, vault.id, at(9)) == first


async def test_archiving_leaves_other_vaults_alone(store: Store, home: Home) -> None:
    vault, other = await home.stored_vault(store), await home.stored_vault(store)
    credential = await home.stored_credential(store, other.id)
    await store.vaults.archive(home.workspace, vault.id, at(5))
    assert await store.vaults.get(home.workspace, other.id) == other
    assert await store.credentials.custody(credential.id) == receipt()


async def test_deleting_removes_the_vault_and_its_credentials(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    await store.vaults.delete(home.workspace, vault.id)
    with pytest.raises(NotFound, match=f"vault {vault.id}"):
        await store.credentials.get(home.workspace, vault.id, credential.id)
    assert await store.credentials.custody(credential.id) is None
    with pytest.raises(NotFound):
        await store.vaults.delete(home.workspace, vault.id)


async def test_an_archived_vault_can_be_deleted(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    await store.vaults.archive(home.workspace, vault.id, at(1))
    await store.vaults.delete(home.workspace, vault.id)
    with pytest.raises(NotFound):
        await store.vaults.get(home.workspace, vault.id)
