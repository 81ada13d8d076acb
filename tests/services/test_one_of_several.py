"""What changes for a process that shares its sessions with others."""

import pytest

from strongroom.core.failures import CustodianFailed
from tests.services.rooms import API, OTHER, Rooms, variable


async def test_what_another_process_may_have_sent_is_taken_out_of_replies_too(rooms: Rooms) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    opened = await rooms.session(vault)
    placeholder = opened.placeholders["TOKEN"].encode()
    alone = await rooms.delivery.plan(await rooms.delivery.enter(opened.token), API)
    assert alone.scrubber.clean(b"the secret") == b"the secret"  # nothing was sent, so nobody can quote it
    live = await rooms.one_of_several.enter(opened.token)
    assert (await rooms.one_of_several.plan(live, API)).scrubber.clean(b"the secret") == placeholder
    assert not (await rooms.one_of_several.plan(live, OTHER)).scrubber


async def test_a_secret_that_its_vault_withholds_is_missing_from_the_plan_and_refuses_the_whole_host_among_several(
    rooms: Rooms,
) -> None:
    vault = await rooms.vault()
    await rooms.credentials.create(rooms.admin, vault, variable())
    lies_elsewhere = await rooms.credentials.create(rooms.admin, vault, variable("OTHER_TOKEN", "another secret"))
    opened = await rooms.session(vault)
    rooms.custodian.withheld.add(lies_elsewhere.id)
    ours, theirs = (opened.placeholders[name].encode() for name in ("TOKEN", "OTHER_TOKEN"))
    alone = await rooms.delivery.plan(await rooms.delivery.enter(opened.token), API)
    assert alone.substituter.header_value(ours) == b"the secret"
    with pytest.raises(CustodianFailed):
        alone.substituter.header_value(theirs)
    live = await rooms.one_of_several.enter(opened.token)
    with pytest.raises(CustodianFailed):  # another process may have sent it, and this one could not scrub it
        await rooms.one_of_several.plan(live, API)
    rooms.custodian.withheld.clear()
    assert (await rooms.one_of_several.plan(live, API)).substituter.header_value(theirs) == b"another secret"
