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
