"""Answers kept for repeated creates."""

import asyncio
from datetime import datetime

from strongroom.services.ports import Store, StoredReply
from tests.store.backends import Backend
from tests.store.things import at, digest

KEY, PRINT = digest("key"), digest("request")


async def claim(store: Store, now: datetime, *, lifetime: float = 86_400, key: bytes = KEY) -> StoredReply | None:
    expired = datetime.fromtimestamp(now.timestamp() - lifetime, now.tzinfo)
    return await store.replies.claim(key, PRINT, now=now, expired=expired)


async def test_the_first_to_claim_has_it_and_others_see_it_is_under_way(store: Store) -> None:
    assert await claim(store, at()) is None
    assert await claim(store, at(1)) == StoredReply(fingerprint=PRINT, claimed_at=at())
    assert await claim(store, at(1), key=digest("another")) is None


async def test_a_settled_answer_is_what_later_ones_get(store: Store) -> None:
    await claim(store, at())
    await store.replies.settle(KEY, b"sealed answer")
    assert await claim(store, at(3600)) == StoredReply(fingerprint=PRINT, claimed_at=at(), sealed=b"sealed answer")


async def test_a_settled_answer_stays_as_it_is(store: Store) -> None:
    await claim(store, at())
    await store.replies.settle(KEY, b"first")
    await store.replies.settle(KEY, b"late")
    await store.replies.release(KEY)
    left = await claim(store, at(1))
    assert left is not None
    assert left.sealed == b"first"


async def test_a_released_key_is_free(store: Store) -> None:
    await claim(store, at())
    await store.replies.release(KEY)
    assert await claim(store, at(1)) is None


async def test_an_expired_answer_is_void_and_does_not_stay(store: Store) -> None:
    await claim(store, at())
    await store.replies.settle(KEY, b"old")
    assert await claim(store, at(86_401)) is None
    assert await claim(store, at(86_402)) == StoredReply(fingerprint=PRINT, claimed_at=at(86_401))


async def test_a_claim_that_nobody_settles_is_void_after_a_minute(store: Store) -> None:
    await claim(store, at())
    assert await claim(store, at(60)) is not None
    assert await claim(store, at(60.1)) is None
    assert await claim(store, at(60.2)) == StoredReply(fingerprint=PRINT, claimed_at=at(60.1))


async def test_an_answer_is_not_void_after_a_minute(store: Store) -> None:
    await claim(store, at())
    await store.replies.settle(KEY, b"kept")
    assert await claim(store, at(61)) is not None


async def test_of_many_claims_at_once_one_wins_over_all_nodes(store: Store, backend: Backend) -> None:
    async with backend.open(at) as second:
        claims = await asyncio.gather(*(claim((store, second)[turn % 2], at()) for turn in range(20)))
    assert claims.count(None) == 1
