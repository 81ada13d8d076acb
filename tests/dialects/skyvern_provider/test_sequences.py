"""The calls that a real Skyvern makes, in its order (contract skyvern-credentials 7.5), and what must hold then."""

import asyncio

import pytest

from tests.dialects.skyvern_provider.behaviours import covers
from tests.dialects.skyvern_provider.skyvern import Failed, Skyvern
from tests.dialects.skyvern_provider.test_items import CARD, LABELLED, PASSWORD


@covers("S131")
async def test_everything_that_a_real_server_does_in_its_order(skyvern: Skyvern) -> None:
    assert await skyvern.test_connection()
    login, card, secret = [await skyvern.store("n", item) for item in (PASSWORD, CARD, LABELLED)]
    assert (await skyvern.read(login))["totp"] == PASSWORD["totp"]  # for a code
    changed = {**PASSWORD, "username": "other@e.co"}
    del changed["metadata"]
    fresh = await skyvern.update(login, "renamed", changed, keeps=True)
    assert await skyvern.read(fresh) == {**PASSWORD, "username": "other@e.co"}
    for item in (fresh, card, secret):
        await skyvern.delete(item)
    assert skyvern.calls == ["P4", "P1", "P1", "P1", "P2", "P2", "P1", "P3", "P2", "P3", "P3", "P3"]


async def test_the_item_that_another_replaced_can_be_read_until_it_is_deleted(skyvern: Skyvern) -> None:
    old = await skyvern.store("n", PASSWORD)
    fresh = await skyvern.store("n", {**PASSWORD, "username": "other@e.co"})
    assert (await skyvern.read(old))["username"] == "u@e.co"  # a run that began before the change
    await skyvern.delete(old)
    with pytest.raises(Failed, match="HTTP 404: not found"):
        await skyvern.read(old)
    assert (await skyvern.read(fresh))["username"] == "other@e.co"


async def test_a_create_that_skyvern_takes_back_leaves_nothing(skyvern: Skyvern) -> None:
    id_ = await skyvern.store("n", CARD)
    await skyvern.delete(id_)  # its own row could not be written
    with pytest.raises(Failed, match="HTTP 404"):
        await skyvern.read(id_)


async def test_many_runs_that_begin_at_once_all_get_their_item(skyvern: Skyvern) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    assert await asyncio.gather(*(skyvern.read(id_) for _ in range(20))) == [PASSWORD] * 20
