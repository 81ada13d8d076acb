"""Keyset paging, the same for every list; shown on vaults, whose times the test chooses."""

from itertools import chain

import pytest

from strongroom.core.credentials import KINDS
from strongroom.core.pages import PageQuery, Position
from strongroom.core.vaults import Vault
from strongroom.services.ports import Store
from tests.store.things import Home, at, ids


async def filled(store: Store, home: Home) -> list[str]:
    """Seven vaults, oldest first; the middle three were made in the same microsecond."""
    vaults = [await home.stored_vault(store, created_at=at(second)) for second in (0, 1, 2, 2, 2, 3, 4)]
    return ids(vaults)


def position(vault: Vault) -> Position:
    return Position(vault.created_at, vault.id)


async def walked(store: Store, home: Home, *, limit: int, newest_first: bool) -> list[list[str]]:
    pages: list[list[str]] = []
    after: Position | None = None
    while True:
        query = PageQuery(limit=limit, after=after, newest_first=newest_first)
        page = await store.vaults.page(home.workspace, query)
        pages.append(ids(page.rows))
        if not page.more:
            return pages
        after = position(page.rows[-1])


@pytest.mark.parametrize("limit", range(1, 9))
@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_walk_meets_every_row_once_and_in_order(
    store: Store, home: Home, limit: int, newest_first: bool
) -> None:
    order = await filled(store, home)
    if newest_first:
        order.reverse()
    pages = await walked(store, home, limit=limit, newest_first=newest_first)
    assert list(chain(*pages)) == order
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_walk_back_meets_the_rows_before_in_the_order_of_the_list(
    store: Store, home: Home, newest_first: bool
) -> None:
    order = await filled(store, home)
    if newest_first:
        order.reverse()
    everything = await store.vaults.page(home.workspace, PageQuery(limit=7, newest_first=newest_first))
    last = position(everything.rows[-1])
    page = await store.vaults.page(
        home.workspace, PageQuery(limit=3, after=last, newest_first=newest_first, backwards=True)
    )
    assert (ids(page.rows), page.more) == (order[3:6], True)
    page = await store.vaults.page(
        home.workspace,
        PageQuery(limit=3, after=position(page.rows[0]), newest_first=newest_first, backwards=True),
    )
    assert (ids(page.rows), page.more) == (order[:3], False)


async def test_a_page_that_ends_with_the_list_says_so(store: Store, home: Home) -> None:
    await filled(store, home)
    assert not (await store.vaults.page(home.workspace, PageQuery(limit=7))).more
    assert (await store.vaults.page(home.workspace, PageQuery(limit=6))).more


async def test_rows_that_come_between_two_pages_repeat_and_hide_none(store: Store, home: Home) -> None:
    order = await filled(store, home)
    first = await store.vaults.page(home.workspace, PageQuery(limit=3))
    await home.stored_vault(store, created_at=at(9))
    await store.vaults.delete(home.workspace, first.rows[0].id)
    second = await store.vaults.page(home.workspace, PageQuery(limit=9, after=position(first.rows[-1])))
    assert ids(second.rows) == order[3::-1]


async def test_a_page_goes_on_after_a_row_that_was_deleted(store: Store, home: Home) -> None:
    order = await filled(store, home)
    first = await store.vaults.page(home.workspace, PageQuery(limit=3))
    await store.vaults.delete(home.workspace, first.rows[-1].id)
    second = await store.vaults.page(home.workspace, PageQuery(limit=9, after=position(first.rows[-1])))
    assert ids(second.rows) == order[3::-1]


async def test_archived_rows_are_shown_on_request_only(store: Store, home: Home) -> None:
    order = await filled(store, home)
    hidden = (await store.vaults.page(home.workspace, PageQuery(limit=2))).rows[1]
    await store.vaults.archive(home.workspace, hidden.id, at(9))
    shown = await store.vaults.page(home.workspace, PageQuery(limit=9, newest_first=False))
    assert ids(shown.rows) == [each for each in order if each != hidden.id]
    shown = await store.vaults.page(home.workspace, PageQuery(limit=9, newest_first=False, include_archived=True))
    assert ids(shown.rows) == order


async def test_credentials_are_paged_within_their_vault(store: Store, home: Home) -> None:
    vault, other = await home.stored_vault(store), await home.stored_vault(store)
    mine = [await home.stored_credential(store, vault.id, created_at=at(second)) for second in (0, 1, 1)]
    await home.stored_credential(store, other.id)
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=2), kinds=KINDS)
    assert (list(page.rows), page.more) == ([mine[2], mine[1]], True)
    after = Position(page.rows[-1].created_at, page.rows[-1].id)
    page = await store.credentials.page(home.workspace, vault.id, PageQuery(limit=2, after=after), kinds=KINDS)
    assert (list(page.rows), page.more) == ([mine[0]], False)


async def test_environments_are_paged_within_their_workspace(store: Store, home: Home, elsewhere: Home) -> None:
    mine = [home.environment(created_at=at(second)) for second in (0, 1, 1)]
    for environment in (*mine, elsewhere.environment()):
        await store.environments.add(environment)
    page = await store.environments.page(home.workspace, PageQuery(limit=9, newest_first=False))
    assert list(page.rows) == mine
