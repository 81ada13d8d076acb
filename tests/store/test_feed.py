"""How many followers of one process look for changes: together, and never at what was read before a commit."""

import asyncio
from collections.abc import Callable
from typing import Any, final

from sqlalchemy import Connection

from strongroom.store.changes import POLL, ChangeFeed
from tests.store.things import at

FOLLOWERS = 3


@final
class Asked:
    """A database that answers when the test does, or a moment after each question."""

    def __init__(self, *, answers: bool = False) -> None:
        self.reads: list[asyncio.Future[Any]] = []
        self.answers = answers

    def read(self, _query: Callable[[Connection], object]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        read = loop.create_future()
        self.reads.append(read)
        if self.answers:
            loop.call_later(0.005, read.set_result, [])
        return read

    def write(self, _change: Callable[[Connection], object], *, purges: bool = False) -> asyncio.Future[Any]:
        done = asyncio.get_running_loop().create_future()
        done.set_result(purges)
        return done


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_followers_share_each_look() -> None:
    database = Asked()
    feed = ChangeFeed(database=database, clock=at, seen=0)
    following = [asyncio.ensure_future(anext(feed.follow())) for _ in range(FOLLOWERS)]
    await settled()
    assert len(database.reads) == 1
    database.reads[0].set_result([])
    assert [await each for each in following] == [[]] * FOLLOWERS


async def test_followers_look_at_the_same_moments_from_whenever_they_began() -> None:
    database = Asked(answers=True)
    feed = ChangeFeed(database=database, clock=at, seen=0)

    async def two_signs_of_life() -> None:
        follow = feed.follow()
        assert [await anext(follow), await anext(follow)] == [[], []]

    began, following = asyncio.get_running_loop().time(), []
    for _ in range(FOLLOWERS):
        following.append(asyncio.ensure_future(two_signs_of_life()))
        await asyncio.sleep(0.03)
    await asyncio.gather(*following)
    moments = FOLLOWERS + (asyncio.get_running_loop().time() - began) / POLL
    assert len(database.reads) <= moments + 1


async def test_a_look_from_before_a_commit_is_nothing_to_who_comes_after_it() -> None:
    database = Asked()
    feed = ChangeFeed(database=database, clock=at, seen=0)
    early = asyncio.ensure_future(anext(feed.follow()))
    await settled()
    await feed.write(lambda _connection, _news: None)
    await settled()
    late = asyncio.ensure_future(anext(feed.follow()))
    await settled()
    assert len(database.reads) == 2
    for read in database.reads:
        read.set_result([])
    assert [await early, await late] == [[], []]


async def test_who_leaves_does_not_take_the_look_from_the_others() -> None:
    database = Asked()
    feed = ChangeFeed(database=database, clock=at, seen=0)
    leaves, stays = (asyncio.ensure_future(anext(feed.follow())) for _ in range(2))
    await settled()
    leaves.cancel()
    await settled()
    database.reads[0].set_result([])
    assert await stays == []
