"""Organizations, workspaces and keys."""

import pytest

from strongroom.core.failures import NotAuthenticated, NotFound
from strongroom.core.ids import KeyId, OrganizationId, WorkspaceId
from strongroom.core.tenants import Organization, Workspace
from strongroom.services.ports import Store
from tests.store.things import START, Home, at, digest, ids


async def test_an_organization_comes_with_its_first_workspace(store: Store, home: Home) -> None:
    assert await store.tenants.organizations() == [Organization(id=home.organization, name="Example", created_at=START)]
    assert await store.tenants.workspaces(home.organization) == [
        Workspace(id=home.workspace, organization=home.organization, name="main", created_at=START)
    ]


async def test_organizations_are_listed_oldest_first(store: Store, home: Home, elsewhere: Home) -> None:
    assert ids(await store.tenants.organizations()) == [home.organization, elsewhere.organization]
    assert ids(await store.tenants.workspaces(elsewhere.organization)) == [elsewhere.workspace]


async def test_a_key_is_found_by_its_digest_and_comes_back_as_it_was(store: Store, home: Home) -> None:
    key = home.key(name="deploy")
    await store.tenants.add_key(key, digest("text"))
    assert await store.tenants.key_by_digest(digest("text")) == key
    assert await store.tenants.key_by_digest(digest("other")) is None


async def test_a_workspace_lists_its_keys_only_newest_first(store: Store, home: Home, elsewhere: Home) -> None:
    keys = [home.key(created_at=at(second)) for second in (0, 2, 1)]
    for key in (*keys, elsewhere.key()):
        await store.tenants.add_key(key, digest(key.id))
    assert ids(await store.tenants.keys(home.workspace)) == [keys[1].id, keys[2].id, keys[0].id]


async def test_a_revoked_key_is_still_found_and_keeps_its_first_moment(store: Store, home: Home) -> None:
    key = home.key()
    await store.tenants.add_key(key, digest("text"))
    assert (await store.tenants.revoke_key(home.workspace, key.id, at(5))).revoked_at == at(5)
    assert (await store.tenants.revoke_key(home.workspace, key.id, at(9))).revoked_at == at(5)
    found = await store.tenants.key_by_digest(digest("text"))
    assert found is not None
    assert found.revoked_at == at(5)


async def test_a_key_of_another_workspace_cannot_be_revoked(store: Store, home: Home, elsewhere: Home) -> None:
    key = home.key()
    await store.tenants.add_key(key, digest("text"))
    with pytest.raises(NotFound):
        await store.tenants.revoke_key(elsewhere.workspace, key.id, at())
    assert (await store.tenants.keys(home.workspace))[0].revoked_at is None


async def test_revoking_a_key_ends_the_live_sessions_that_it_opened(store: Store, home: Home) -> None:
    key = home.key()
    await store.tenants.add_key(key, digest("text"))
    mine = await home.stored_session(store, opened_by=key.id)
    over = await home.stored_session(store, opened_by=key.id, expires_at=at(1))
    other = await home.stored_session(store, opened_by=KeyId("key_other"))
    await store.tenants.revoke_key(home.workspace, key.id, at(5))
    ended = await store.sessions.get(home.workspace, mine.id)
    assert (ended.archived_at, ended.updated_at) == (at(5), at(5))
    assert await store.sessions.get(home.workspace, over.id) == over
    assert await store.sessions.get(home.workspace, other.id) == other


async def test_a_revoked_key_opens_no_session(store: Store, home: Home) -> None:
    key = home.key()
    await store.tenants.add_key(key, digest("text"))
    await store.tenants.revoke_key(home.workspace, key.id, at())
    with pytest.raises(NotAuthenticated):
        await home.stored_session(store, opened_by=key.id)


async def test_of_two_organizations_with_one_uuid_the_first_is_kept(store: Store, home: Home) -> None:
    uuid = "0b9b5f2e-6a86-4f3f-9a93-3f1a5b7c9d10"
    first, second = (
        Organization(id=OrganizationId(f"org_{n}"), name=n, created_at=START, foreign_uuid=uuid) for n in ("a", "b")
    )
    workspace = Workspace(id=WorkspaceId("w_a"), organization=first.id, name="main", created_at=START)
    assert await store.tenants.settle_organization(first, workspace) == first
    workspace = Workspace(id=WorkspaceId("w_b"), organization=second.id, name="main", created_at=START)
    assert await store.tenants.settle_organization(second, workspace) == first
    assert await store.tenants.organization(second.id) is None
    assert ids(await store.tenants.workspaces(first.id)) == ["w_a"]
