"""The feed of changes, within a process and between two."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from strongroom.core.failures import NotFound, Unavailable
from strongroom.core.ids import VaultId
from strongroom.services.ports import Change, Changes, Store, Subject
from tests.store.backends import Backend
from tests.store.things import Home, at, digest, receipt

PATIENCE = 5.0


async def heard(feed: AsyncIterator[Sequence[Change]], *, least: int = 1) -> list[Change]:
    """Return the next changes, past signs of life."""
    changes: list[Change] = []
    async with asyncio.timeout(PATIENCE):
        while len(changes) < least:
            changes += await anext(feed)
    return changes


@asynccontextmanager
async def following(changes: Changes) -> AsyncIterator[AsyncIterator[Sequence[Change]]]:
    feed: Any = changes.follow()
    try:
        yield feed
    finally:
        await feed.aclose()


async def test_a_feed_begins_with_a_sign_of_life_and_gives_one_each_second(store: Store) -> None:
    async with following(store.changes) as feed, asyncio.timeout(PATIENCE):
        assert await anext(feed) == []
        began = asyncio.get_running_loop().time()
        assert await anext(feed) == []
        assert 0.9 <= asyncio.get_running_loop().time() - began < 2


async def test_every_change_that_a_plan_may_depend_on_is_told(store: Store, home: Home) -> None:
    vault, other = await home.stored_vault(store), await home.stored_vault(store)
    environment, key = home.environment(), home.key()
    await store.environments.add(environment)
    await store.tenants.add_key(key, digest("text"))
    session = await home.stored_session(store, opened_by=key.id)
    session_b = await home.stored_session(store, opened_by=key.id)
    credential, credential_b = home.credential(vault.id), home.credential(vault.id)

    def told(subject: Subject, id_: str, vault: VaultId | None = None) -> Change:
        return Change(subject=subject, workspace=home.workspace, id=id_, vault=vault)

    steps: list[tuple[Callable[[], Awaitable[object]], list[Change]]] = [
        (
            lambda: store.credentials.add(credential, receipt()),
            [told(Subject.CREDENTIAL, credential.id, vault.id)],
        ),
        (
            lambda: store.credentials.replace(replace(credential, revision=2), None, expected=1),
            [told(Subject.CREDENTIAL, credential.id, vault.id)],
        ),
        (
            lambda: store.credentials.archive(home.workspace, vault.id, credential.id, at(1)),
            [told(Subject.CREDENTIAL, credential.id, vault.id)],
        ),
        (
            lambda: store.credentials.delete(home.workspace, vault.id, credential.id),
            [told(Subject.CREDENTIAL, credential.id, vault.id)],
        ),
        (
            lambda: store.credentials.add(credential_b, receipt()),
            [told(Subject.CREDENTIAL, credential_b.id, vault.id)],
        ),
        (lambda: store.vaults.archive(home.workspace, vault.id, at(1)), [told(Subject.VAULT, vault.id)]),
        (lambda: store.vaults.delete(home.workspace, other.id), [told(Subject.VAULT, other.id)]),
        (
            lambda: store.environments.replace(replace(environment, name="new"), expected=at()),
            [told(Subject.ENVIRONMENT, environment.id)],
        ),
        (
            lambda: store.environments.delete(home.workspace, environment.id),
            [told(Subject.ENVIRONMENT, environment.id)],
        ),
        (
            lambda: store.sessions.replace(replace(session, title="new"), expected=at()),
            [told(Subject.SESSION, session.id)],
        ),
        (
            lambda: store.tenants.revoke_key(home.workspace, key.id, at(1)),
            [
                told(Subject.KEY, key.id),
                told(Subject.SESSION, session.id),
                told(Subject.SESSION, session_b.id),
            ],
        ),
        (lambda: store.sessions.delete(home.workspace, session.id), [told(Subject.SESSION, session.id)]),
    ]
    async with following(store.changes) as feed:
        for step, expected in steps:
            await step()
            assert sorted(await heard(feed, least=len(expected)), key=lambda change: change.id) == sorted(
                expected, key=lambda change: change.id
            )


async def test_what_changed_nothing_is_not_told(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)
    await store.vaults.archive(home.workspace, vault.id, at(1))
    async with following(store.changes) as feed:
        await store.vaults.archive(home.workspace, vault.id, at(2))
        await store.credentials.archive(home.workspace, vault.id, credential.id, at(2))
        assert not await store.credentials.replace(replace(credential, revision=2), None, expected=1)
        with pytest.raises(NotFound):
            await store.vaults.delete(home.workspace, VaultId("vlt_x"))
        await store.vaults.delete(home.workspace, vault.id)
        assert await heard(feed) == [Change(subject=Subject.VAULT, workspace=home.workspace, id=vault.id)]


async def test_a_feed_tells_what_was_committed_after_the_call_though_nobody_listened_yet(
    store: Store, home: Home
) -> None:
    vault = await home.stored_vault(store)
    await home.stored_credential(store, vault.id)
    async with following(store.changes) as feed:
        credential = await home.stored_credential(store, vault.id)
        assert [change.id for change in await heard(feed)] == [credential.id]


async def test_several_followers_hear_the_same_in_the_same_order(store: Store, home: Home) -> None:
    vault = await home.stored_vault(store)
    async with following(store.changes) as one, following(store.changes) as two:
        listening = asyncio.gather(heard(one, least=10), heard(two, least=10))
        made = await asyncio.gather(*(home.stored_credential(store, vault.id) for _ in range(10)))
        first, second = await listening
    assert first == second
    assert {change.id for change in first} == {credential.id for credential in made}


async def test_a_follower_in_this_process_is_woken_rather_than_waiting_for_its_next_look(
    store: Store, home: Home
) -> None:
    vault = await home.stored_vault(store)
    loop = asyncio.get_running_loop()
    fastest = float("inf")
    async with following(store.changes) as feed:
        await anext(feed)
        for _ in range(5):
            listening = asyncio.gather(heard(feed))
            await asyncio.sleep(0)
            await home.stored_credential(store, vault.id)
            began = loop.time()
            await listening
            fastest = min(fastest, loop.time() - began)
    assert fastest < 0.1


async def test_another_node_hears_of_a_change_within_half_a_second(store: Store, home: Home, backend: Backend) -> None:
    vault = await home.stored_vault(store)
    loop = asyncio.get_running_loop()
    fastest = float("inf")
    async with backend.open(at) as second, following(second.changes) as feed:
        await anext(feed)
        for _ in range(3):
            credential = await home.stored_credential(store, vault.id)
            began = loop.time()
            assert [change.id for change in await heard(feed)] == [credential.id]
            fastest = min(fastest, loop.time() - began)
    assert fastest < 0.5


async def rewritten(store: Store, home: Home, times: int) -> Callable[[], Awaitable[None]]:
    """Return what makes so many changes."""
    vault = await home.stored_vault(store)
    credential = await home.stored_credential(store, vault.id)

    async def rewrite() -> None:
        for revision in range(1, times + 1):
            change = replace(credential, revision=revision + 1)
            assert await store.credentials.replace(change, None, expected=revision)

    return rewrite


async def test_pruning_old_changes_hides_no_new_ones(backend: Backend) -> None:
    moment: list[datetime] = [at()]
    async with backend.open(lambda: moment[0]) as store:
        home = await Home().settle(store)
        rewrite = await rewritten(store, home, 70)
        async with following(store.changes) as feed:
            moment[0] = at(601)
            await rewrite()
            assert len(await heard(feed, least=70)) == 70
    async with backend.open(lambda: moment[0]) as store, following(store.changes) as feed:
        await (await rewritten(store, home, 0))()
        assert len(await heard(feed)) == 1


async def test_a_follower_that_missed_pruned_changes_is_told_to_begin_anew(backend: Backend) -> None:
    moment: list[datetime] = [at()]
    async with backend.open(lambda: moment[0]) as store:
        home = await Home().settle(store)
        async with following(store.changes) as late:
            rewrite = await rewritten(store, home, 70)
            moment[0] = at(601)
            await rewrite()
            with pytest.raises(Unavailable):
                await anext(late)
