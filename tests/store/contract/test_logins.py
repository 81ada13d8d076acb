"""What is kept beside logins is written with them or not at all; folders hold none of them."""

from dataclasses import replace

import pytest

from strongroom.core.credentials import Credential
from strongroom.core.credentials.password import PasswordDetails
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.failures import NotFound
from strongroom.core.ids import FolderId
from strongroom.core.logins import Folder, Login, StoredLogin
from strongroom.core.proxy_identity import GeoTarget, ProxyIdentity
from strongroom.core.vaults import Purpose
from strongroom.services.login_ports import FolderQuery, LoginQuery
from strongroom.services.ports import Store
from tests.store.things import Home, at, fresh, receipt

WHOLE = Login(
    tested_url="https://example.com/in",
    user_context="click",
    save_browser_session=True,
    auto_profile_disabled=True,
    pin_saved_session_ip=True,
    proxy=ProxyIdentity(location=GeoTarget(country="US", subdivision="CA"), session=None),
)


async def login(home: Home, store: Store, beside: Login | None = None, **changes: object) -> Credential:
    """Add a login to the workspace's vault of logins."""
    vault = home.vault(purpose=Purpose.LOGINS, home="logins")
    settled = await store.vaults.settle(vault)
    credential = home.credential(settled.id, PasswordDetails(username="Ada"), **{"display_name": "Shop", **changes})
    await store.credentials.add(credential, receipt(), login=beside)
    return credential


def folder(home: Home, title: str = "t", description: str | None = None, seconds: float = 0) -> Folder:
    return Folder(
        id=FolderId(fresh("cfld_")),
        organization=home.organization,
        workspace=home.workspace,
        title=title,
        description=description,
        created_at=at(seconds),
        modified_at=at(seconds),
    )


async def names(store: Store, home: Home, query: LoginQuery) -> list[str | None]:
    return [each.credential.display_name for each in await store.logins.page(home.workspace, query)]


async def test_a_login_comes_back_as_it_was_and_for_no_other_workspace(
    store: Store, home: Home, elsewhere: Home
) -> None:
    for beside in (WHOLE, replace(WHOLE, proxy=ProxyIdentity(location="RESIDENTIAL_ISP", session="s")), Login()):
        credential = await login(home, store, beside)
        stored = StoredLogin(credential=credential, login=beside)
        assert await store.logins.get(home.workspace, credential.id) == stored
        with pytest.raises(NotFound):
            await store.logins.get(elsewhere.workspace, credential.id)
    assert await store.logins.page(elsewhere.workspace, LoginQuery(limit=9)) == []


async def test_any_login_in_the_vault_of_logins_is_one_and_none_elsewhere(store: Store, home: Home) -> None:
    added = await login(home, store)
    vault = await home.stored_vault(store)
    other = home.credential(vault.id, PasswordDetails(username="Ada"))
    await store.credentials.add(other, receipt())
    assert [each.credential for each in await store.logins.page(home.workspace, LoginQuery(limit=9))] == [added]
    with pytest.raises(NotFound):
        await store.logins.get(home.workspace, other.id)


async def test_a_change_that_comes_too_late_writes_neither(store: Store, home: Home) -> None:
    credential = await login(home, store, WHOLE)
    after = replace(credential, details=PasswordDetails(username="Bea"), revision=2)
    assert await store.credentials.replace(after, None, expected=1, login=Login())
    late = replace(credential, details=PasswordDetails(username="Eve"), revision=2)
    assert not await store.credentials.replace(late, None, expected=1, login=WHOLE)
    assert await store.logins.get(home.workspace, credential.id) == StoredLogin(credential=after, login=Login())
    assert await names(store, home, LoginQuery(limit=9, search="bea")) == ["Shop"]
    assert await names(store, home, LoginQuery(limit=9, search="eve")) == []


async def test_a_change_by_others_keeps_what_is_beside_and_moves_what_it_is_found_by(store: Store, home: Home) -> None:
    credential = await login(home, store, WHOLE)
    after = replace(credential, details=SecretValueDetails(label="Label"), display_name="New", revision=2)
    assert await store.credentials.replace(after, None, expected=1)
    assert (await store.logins.get(home.workspace, credential.id)).login == WHOLE
    assert await names(store, home, LoginQuery(limit=9, search="label")) == ["New"]
    assert await names(store, home, LoginQuery(limit=9, search="ada")) == []
    assert await names(store, home, LoginQuery(limit=9, kind="secret")) == ["New"]


async def test_archived_and_deleted_ones_are_gone(store: Store, home: Home) -> None:
    archived, deleted = await login(home, store), await login(home, store)
    await store.credentials.archive(home.workspace, archived.vault, archived.id, at(1))
    await store.credentials.delete(home.workspace, deleted.vault, deleted.id)
    for gone in (archived, deleted):
        with pytest.raises(NotFound):
            await store.logins.get(home.workspace, gone.id)
    assert await store.logins.page(home.workspace, LoginQuery(limit=9)) == []
    await store.vaults.delete(home.workspace, archived.vault)


async def test_lists_are_in_order_narrowed_and_cut(store: Store, home: Home) -> None:
    for number in range(4):
        await login(home, store, display_name=f"{number}", created_at=at(number // 2))
    assert await names(store, home, LoginQuery(limit=9)) == ["3", "2", "1", "0"]
    assert await names(store, home, LoginQuery(limit=2, skipped=1)) == ["2", "1"]
    assert await names(store, home, LoginQuery(limit=9, custodian="strongroom", search="3")) == ["3"]
    assert await names(store, home, LoginQuery(limit=9, custodian="elsewhere")) == []


async def test_a_folder_comes_back_counts_and_goes_without_what_is_in_it(
    store: Store, home: Home, elsewhere: Home
) -> None:
    made = folder(home)
    await store.folders.add(made)
    assert await store.folders.get(home.workspace, made.id) == made
    credential = await login(home, store, WHOLE)
    moved = await store.logins.move(home.workspace, credential.id, made.id, at(5))
    assert (moved.folder, moved.login, moved.credential.updated_at) == (made.id, WHOLE, at(5))
    assert await store.folders.get(home.workspace, made.id) == replace(made, logins=1, modified_at=at(5))
    for attempt in (
        store.folders.get(elsewhere.workspace, made.id),
        store.folders.delete(elsewhere.workspace, made.id, at(6)),
        store.folders.change(elsewhere.workspace, made.id, title="x", description=None, at=at(6)),
        store.logins.move(elsewhere.workspace, credential.id, None, at(6)),
    ):
        with pytest.raises(NotFound):
            await attempt
    await store.folders.delete(home.workspace, made.id, at(7))
    after = await store.logins.get(home.workspace, credential.id)
    assert (after.folder, after.credential.updated_at, after.credential.revision) == (None, at(7), 1)


async def test_a_login_is_not_moved_to_a_folder_of_others(store: Store, home: Home, elsewhere: Home) -> None:
    theirs = folder(elsewhere)
    await store.folders.add(theirs)
    credential = await login(home, store)
    with pytest.raises(NotFound) as missing:
        await store.logins.move(home.workspace, credential.id, theirs.id, at(1))
    assert missing.value.noun == "folder"
    assert (await store.logins.get(home.workspace, credential.id)).folder is None
    assert (await store.folders.get(elsewhere.workspace, theirs.id)).modified_at == at(0)


async def test_folders_are_in_order_narrowed_and_changed(store: Store, home: Home) -> None:
    first, second = folder(home, "Bank_1", "money"), folder(home, "Bank 2", seconds=1)
    for each in (first, second):
        await store.folders.add(each)

    async def titles(**query: object) -> list[str]:
        wanted = FolderQuery(**{"limit": 9, **query})  # type: ignore[arg-type]  # fields by name
        return [each.title for each in await store.folders.page(home.workspace, wanted)]

    assert await titles() == ["Bank 2", "Bank_1"]
    assert await titles(limit=1, skipped=1) == ["Bank_1"]
    assert await titles(search="k_") == await titles(search="money") == ["Bank_1"]
    changed = await store.folders.change(home.workspace, first.id, title="Shop", description=None, at=at(2))
    assert changed == replace(first, title="Shop", modified_at=at(2))
    assert await titles() == ["Shop", "Bank 2"]
    assert await titles(search="bank") == ["Bank 2"]
