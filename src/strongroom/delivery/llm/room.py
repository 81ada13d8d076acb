"""How much is under way: counted for each workspace and for all, and refused beyond what may be.

An upstream that answers nobody, and a client that asks for everything, hurt their own workspace alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from strongroom.core.ids import WorkspaceId
from strongroom.delivery.llm.limits import Limits
from strongroom.delivery.llm.refusals import Code, Turned


@final
class Rooms:
    """The counts of one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shares: dict[WorkspaceId, _Share] = {}
        self._held = 0
        self.open = 0

    @contextmanager
    def entered(self, workspace: WorkspaceId) -> Iterator["Room"]:
        """Count a request while it lasts. Raises `Turned` if it is one too many."""
        share = self._shares.get(workspace)
        if share is None:
            share = self._shares[workspace] = _Share()
        if self.open >= self._limits.requests or share.open >= self._limits.workspace_requests:
            raise _too_many("too many requests to models are under way")
        share.open += 1
        self.open += 1
        room = Room(self, share)
        try:
            yield room
        finally:
            room.give_back()
            self.open -= 1
            share.open -= 1
            if not share.open:
                self._shares.pop(workspace, None)

    def take(self, share: "_Share", size: int) -> None:
        """Count bytes. Raises `Turned` where there is no room for them."""
        if self._held + size > self._limits.held_bytes or share.held + size > self._limits.workspace_bytes:
            raise _too_many("the requests to models that are under way are too long together")
        self._held += size
        share.held += size

    def give_back(self, share: "_Share", size: int) -> None:
        """Count them no longer."""
        self._held -= size
        share.held -= size


@final
class _Share:
    """One workspace's."""

    __slots__ = ("held", "open")

    def __init__(self) -> None:
        self.open = 0
        self.held = 0


@final
class Room:
    """What one request holds."""

    __slots__ = ("_rooms", "_share", "_taken")

    def __init__(self, rooms: Rooms, share: _Share) -> None:
        self._rooms = rooms
        self._share = share
        self._taken = 0

    def take(self, size: int) -> None:
        """Take room for some of a body. Raises `Turned`."""
        self._rooms.take(self._share, size)
        self._taken += size

    def give_back(self) -> None:
        """Give all of it back; repeating is harmless."""
        self._rooms.give_back(self._share, self._taken)
        self._taken = 0


def _too_many(sentence: str) -> Turned:
    return Turned(Code.TOO_MANY, sentence, retry_after=1)
