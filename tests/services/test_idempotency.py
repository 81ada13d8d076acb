import asyncio
from datetime import timedelta

import pytest

from strongroom.core.failures import Invalid, NotPermitted
from strongroom.crypto.keyring import KeyRing
from strongroom.custody.kek.local import LocalKek
from strongroom.services.idempotency import LIFETIME, Idempotency, Reply
from tests.services.rooms import Rooms


def kept(rooms: Rooms) -> Idempotency:
    keyring = KeyRing(holders={1: LocalKek(key=b"k" * 32, entropy=rooms.entropy)}, entropy=rooms.entropy)
    return Idempotency(replies=rooms.store.replies, seal=keyring, clock=rooms.clock, secret=b"s" * 32)


class Creating:
    """Counts what was created; waits if it is told to."""

    def __init__(self) -> None:
        self.made = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self) -> Reply:
        await self.go.wait()
        self.made += 1
        return Reply(200, f"number {self.made}".encode())


async def test_a_repeat_gets_the_first_answer_and_makes_nothing(rooms: Rooms) -> None:
    create, idempotency = Creating(), kept(rooms)
    answers = [
        await idempotency.once(rooms.admin, "key", route="POST /v1/vaults", body=b"{}", create=create) for _ in range(2)
    ]
    assert answers == [Reply(200, b"number 1")] * 2
    assert create.made == 1


async def test_repeats_at_the_same_time_wait_for_the_first(rooms: Rooms) -> None:
    create, idempotency = Creating(), kept(rooms)
    create.go.clear()
    tasks = [
        asyncio.create_task(idempotency.once(rooms.admin, "key", route="r", body=b"", create=create)) for _ in range(4)
    ]
    await asyncio.sleep(0.05)
    create.go.set()
    assert await asyncio.gather(*tasks) == [Reply(200, b"number 1")] * 4
    assert create.made == 1


async def test_another_request_under_the_same_key_is_refused(rooms: Rooms) -> None:
    create, idempotency = Creating(), kept(rooms)
    await idempotency.once(rooms.admin, "key", route="r", body=b"one", create=create)
    with pytest.raises(Invalid, match="another request"):
        await idempotency.once(rooms.admin, "key", route="r", body=b"two", create=create)
    assert create.made == 1


async def test_a_create_that_fails_leaves_the_key_free(rooms: Rooms) -> None:
    create, idempotency = Creating(), kept(rooms)

    async def refused() -> Reply:
        raise NotPermitted("no")

    async def invalid() -> Reply:
        return Reply(400, b"no")

    with pytest.raises(NotPermitted):
        await idempotency.once(rooms.admin, "key", route="r", body=b"", create=refused)
    assert (await idempotency.once(rooms.admin, "key", route="r", body=b"", create=invalid)).status == 400
    assert (await idempotency.once(rooms.admin, "key", route="r", body=b"", create=create)).body == b"number 1"


async def test_an_answer_is_forgotten_after_a_day(rooms: Rooms) -> None:
    create, idempotency = Creating(), kept(rooms)
    await idempotency.once(rooms.admin, "key", route="r", body=b"", create=create)
    rooms.clock.advance(LIFETIME + timedelta(seconds=1))
    assert (await idempotency.once(rooms.admin, "key", route="r", body=b"", create=create)).body == b"number 2"


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nfeed"])
async def test_a_key_that_no_client_would_send_is_refused(rooms: Rooms, key: str) -> None:
    with pytest.raises(Invalid):
        await kept(rooms).once(rooms.admin, key, route="r", body=b"", create=Creating())
