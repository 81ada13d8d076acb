import pytest

from strongroom.core.ids import WorkspaceId
from strongroom.delivery.llm.limits import Limits
from strongroom.delivery.llm.refusals import Turned
from strongroom.delivery.llm.room import Rooms

ONE, OTHER = WorkspaceId("one"), WorkspaceId("other")


def rooms() -> Rooms:
    return Rooms(Limits(requests=3, workspace_requests=2, held_bytes=30, workspace_bytes=20))


def test_a_workspace_that_fills_its_share_leaves_room_for_others() -> None:
    all_rooms = rooms()
    with all_rooms.entered(ONE), all_rooms.entered(ONE):
        with pytest.raises(Turned, match="too many"), all_rooms.entered(ONE):
            pass
        with all_rooms.entered(OTHER):
            assert all_rooms.open == 3
            with pytest.raises(Turned, match="too many"), all_rooms.entered(OTHER):
                pass
    assert all_rooms.open == 0
    with all_rooms.entered(ONE):
        pass


def test_bytes_are_counted_until_they_are_given_back() -> None:
    all_rooms = rooms()
    with all_rooms.entered(ONE) as room, all_rooms.entered(OTHER) as other:
        room.take(15)
        with pytest.raises(Turned, match="too long"):
            room.take(6)
        other.take(15)
        with pytest.raises(Turned, match="too long"):
            other.take(1)
        room.give_back()
        room.give_back()
        other.take(5)
    with all_rooms.entered(ONE) as room:
        room.take(20)
