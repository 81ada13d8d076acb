"""What changes for a process that shares its sessions with others."""

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
