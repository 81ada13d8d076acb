import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.core.failures import Unreadable
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Limited
from strongroom.core.pages import PageQuery
from strongroom.core.secret import Secret
from tests.services.rooms import API, OTHER, Rooms, variable


async def test_hosts_can_be_changed_without_the_secret_and_it_still_opens(rooms: Rooms) -> None:

    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    elsewhere = Limited(HostSet.parse(["other.example.com"]))
    await rooms.credentials.update(
        rooms.admin,
        vault,
        credential.id,
        lambda before, _: (replace(before, networking=elsewhere), None),
        needs_material=False,
    )
    live = await rooms.delivery.enter(opened.token)
    assert (await rooms.delivery.plan(live, API)).plan.swaps == ()
    assert [swap.secret for swap in (await rooms.delivery.plan(live, OTHER)).plan.swaps] == [Secret("the secret")]


@pytest.mark.parametrize(
    "edit",
    [
        """networking = '{"type":"limited","hosts":["other.example.com"]}'""",
        """networking = '{"type":"unrestricted"}'""",
        """details = '{"secret_name":"OTHER"}', unique_key = 'env:OTHER'""",
        """networking = '{"type":"site","origin":"https://other.example.com"}'""",
    ],
)
async def test_a_secret_whose_terms_were_edited_in_the_database_goes_nowhere(
    rooms: Rooms, tmp_path: Path, edit: str
) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    with sqlite3.connect(tmp_path / "test.db") as database:
        assert database.execute(f"UPDATE credentials SET {edit}").rowcount == 1  # noqa: S608 - from above
    database.close()
    live = await rooms.delivery.enter(opened.token)
    destination = API if "secret_name" in edit else OTHER
    with pytest.raises(Unreadable):
        await rooms.delivery.plan(live, destination)


async def test_many_changes_at_once_all_take(rooms: Rooms) -> None:

    vault = await rooms.vault()
    credential = await rooms.credentials.create(rooms.admin, vault, variable())

    async def note(key: str) -> None:
        await rooms.credentials.update(
            rooms.admin,
            vault,
            credential.id,
            lambda before, _: (replace(before, metadata={**before.metadata, key: "x"}), None),
            needs_material=False,
        )
        await rooms.vaults.update(rooms.admin, vault, metadata={key: "x"})

    keys = [f"k{number}" for number in range(16)]
    await asyncio.gather(*map(note, keys))
    assert sorted((await rooms.credentials.get(rooms.admin, vault, credential.id)).metadata) == sorted(keys)
    [described] = (await rooms.vaults.page(rooms.admin, PageQuery(limit=1))).rows
    assert sorted(described.metadata) == sorted(keys)
