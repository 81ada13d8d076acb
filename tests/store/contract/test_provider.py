"""Namespaces, provider tokens, and items as a namespace sees them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from strongroom.core.failures import NotFound
from strongroom.core.ids import CredentialId, PrincipalId, ProviderTokenId, VaultId
from strongroom.core.provider import OPEN, Item, Namespace, ProviderToken, Window
from strongroom.core.vaults import Purpose, Vault
from strongroom.services.ports import Store
from tests.store.things import START, Home, at, digest, fresh, ids, receipt


def vault(home: Home) -> Vault:
    return replace(home.vault(), purpose=Purpose.PROVIDER)


def namespace(vault: Vault, name: str = "acme") -> Namespace:
    return Namespace(
        organization=vault.organization,
        workspace=vault.workspace,
        name=name,
        vault=vault.id,
        opened_by=PrincipalId("key_1"),
        created_at=START,
    )


async def opened(store: Store, home: Home, name: str = "acme") -> Namespace:
    behind = vault(home)
    return await store.provider_tokens.open(namespace(behind, name), behind)


def token(of: Namespace, **changes: Any) -> ProviderToken:  # noqa: ANN401 - whatever type the field has
    made = ProviderToken(
        id=ProviderTokenId(fresh("ptok_")),
        organization=of.organization,
        workspace=of.workspace,
        namespace=of.name,
        vault=of.vault,
        name=None,
        hint="srp_…abcd",
        created_at=START,
    )
    return replace(made, **changes)


async def stored(store: Store, home: Home, place: VaultId, seconds: float = 0) -> CredentialId:
    credential = home.credential(place, created_at=at(seconds))
    await store.credentials.add(credential, receipt())
    return credential.id


async def test_a_namespace_is_made_once_with_its_vault(store: Store, home: Home, elsewhere: Home) -> None:
    first = await opened(store, home)
    assert await opened(store, home) == first == await store.provider_tokens.namespace(home.workspace, "acme")
    assert (await store.vaults.get(home.workspace, first.vault)).purpose is Purpose.PROVIDER
    assert await opened(store, home, "other") != first
    assert await opened(store, elsewhere) != first
    with pytest.raises(NotFound):
        await store.provider_tokens.namespace(home.workspace, "unknown")


async def test_those_that_open_a_namespace_at_once_get_the_same(store: Store, home: Home) -> None:
    found = await asyncio.gather(*(opened(store, home) for _ in range(6)))
    assert len({each.vault for each in found}) == 1


async def test_a_token_is_found_by_its_digest_and_comes_back_as_it_was(store: Store, home: Home) -> None:
    made = token(await opened(store, home), name="staging")
    await store.provider_tokens.add(made, digest("text"))
    assert await store.provider_tokens.by_digest(digest("text")) == made
    assert await store.provider_tokens.by_digest(digest("other")) is None
    assert await store.provider_tokens.get(home.workspace, made.id) == made


async def test_a_workspace_lists_its_tokens_only_newest_first(store: Store, home: Home, elsewhere: Home) -> None:
    mine = await opened(store, home)
    tokens = [token(mine, created_at=at(second)) for second in (0, 2, 1)]
    for each in (*tokens, token(await opened(store, elsewhere))):
        await store.provider_tokens.add(each, digest(each.id))
    assert ids(await store.provider_tokens.page(home.workspace)) == [tokens[1].id, tokens[2].id, tokens[0].id]


async def test_a_revoked_token_is_still_found_and_keeps_its_first_moment(
    store: Store, home: Home, elsewhere: Home
) -> None:
    made = token(await opened(store, home))
    await store.provider_tokens.add(made, digest("text"))
    with pytest.raises(NotFound):
        await store.provider_tokens.revoke(elsewhere.workspace, made.id, at(1))
    assert (await store.provider_tokens.revoke(home.workspace, made.id, at(5))).revoked_at == at(5)
    assert (await store.provider_tokens.revoke(home.workspace, made.id, at(9))).revoked_at == at(5)
    assert await store.provider_tokens.by_digest(digest("text")) == replace(made, revoked_at=at(5))


async def test_a_namespace_sees_its_own_items_and_what_is_shared_into_it(store: Store, home: Home) -> None:
    here, there = await opened(store, home), await opened(store, home, "other")
    own, foreign = await stored(store, home, here.vault), await stored(store, home, there.vault, 1)
    items = store.provider_items

    async def seen(id_: CredentialId) -> Item | None:
        held = await items.held(home.workspace, here.vault, id_)
        return None if held is None else held[0]

    assert await seen(foreign) is None
    window = Window(opens_at=at(1), closes_at=at(2))
    await items.put(here.vault, foreign, window, at())
    shared = await seen(foreign)
    assert shared is not None
    assert (shared.shared, shared.window, shared.credential.vault) == (True, window, there.vault)
    mine = await seen(own)
    assert mine is not None
    assert (mine.shared, mine.window) == (False, OPEN)
    assert [item.credential.id for item in await items.page(home.workspace, here.vault)] == [foreign, own]
    await items.put(here.vault, foreign, OPEN, at(1))
    assert (await seen(foreign)) == replace(shared, window=OPEN)
    for _ in range(2):
        await items.take(here.vault, foreign)
        assert await seen(foreign) is None
    assert [item.credential.id for item in await items.page(home.workspace, there.vault)] == [foreign]


async def test_a_share_does_not_reach_another_workspace(store: Store, home: Home, elsewhere: Home) -> None:
    here, theirs = await opened(store, home), await opened(store, elsewhere)
    id_ = await stored(store, elsewhere, theirs.vault)
    await store.provider_items.put(here.vault, id_, OPEN, at())
    assert await store.provider_items.held(home.workspace, here.vault, id_) is None
    assert await store.provider_items.page(home.workspace, here.vault) == []
    with pytest.raises(NotFound):
        await store.provider_items.vault_of(home.workspace, id_)
    assert await store.provider_items.vault_of(elsewhere.workspace, id_) == theirs.vault


async def test_what_is_archived_is_no_item(store: Store, home: Home) -> None:
    here, there = await opened(store, home), await opened(store, home, "other")
    own, foreign, kept = [await stored(store, home, place) for place in (here.vault, there.vault, here.vault)]
    await store.provider_items.put(here.vault, foreign, OPEN, at())
    await store.credentials.archive(home.workspace, here.vault, own, at(1))
    await store.vaults.archive(home.workspace, there.vault, at(1))
    assert [item.credential.id for item in await store.provider_items.page(home.workspace, here.vault)] == [kept]


async def test_a_deleted_vault_takes_its_namespace_tokens_and_shares_along(store: Store, home: Home) -> None:
    here, there = await opened(store, home), await opened(store, home, "other")
    made = token(here)
    await store.provider_tokens.add(made, digest("text"))
    id_ = await stored(store, home, there.vault)
    await store.provider_items.put(here.vault, id_, OPEN, at())
    await store.vaults.delete(home.workspace, here.vault)
    assert await store.provider_tokens.page(home.workspace) == []
    again = await opened(store, home)
    assert again.vault != here.vault
    assert await store.provider_items.held(home.workspace, again.vault, id_) is None


async def test_a_deleted_credential_is_shared_no_more(store: Store, home: Home) -> None:
    here, there = await opened(store, home), await opened(store, home, "other")
    id_ = await stored(store, home, there.vault)
    await store.provider_items.put(here.vault, id_, OPEN, at())
    await store.credentials.delete(home.workspace, there.vault, id_)
    assert await store.provider_items.page(home.workspace, here.vault) == []
