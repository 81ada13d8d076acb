"""Envelopes of the installation."""

import asyncio

from strongroom.services.ports import Store
from tests.store.backends import Backend
from tests.store.things import at


async def test_an_envelope_is_kept_under_its_name(store: Store) -> None:
    assert await store.sealed.get("ca") is None
    assert await store.sealed.put_if_absent("ca", b"\x00one") == b"\x00one"
    assert await store.sealed.put_if_absent("other", b"two") == b"two"
    assert await store.sealed.get("ca") == b"\x00one"


async def test_the_first_envelope_stays(store: Store, backend: Backend) -> None:
    async with backend.open(at) as second:
        kept = await asyncio.gather(
            *((store, second)[turn % 2].sealed.put_if_absent("ca", b"%d" % turn) for turn in range(10))
        )
    assert len(set(kept)) == 1
    assert await store.sealed.get("ca") == kept[0]


async def test_an_envelope_is_replaced_by_whoever_knows_the_present_one(store: Store, backend: Backend) -> None:
    await store.sealed.put_if_absent("keys", b"one")
    assert not await store.sealed.replace("keys", b"three", expected=b"two")
    assert not await store.sealed.replace("other", b"three", expected=b"one")
    assert await store.sealed.get("keys") == b"one"
    async with backend.open(at) as second:
        done = await asyncio.gather(
            *((store, second)[turn % 2].sealed.replace("keys", b"%d" % turn, expected=b"one") for turn in range(10))
        )
    assert done.count(True) == 1
    assert await store.sealed.get("keys") == b"%d" % done.index(True)
