"""The room that one request's body takes of its session's, given back once."""

from typing import final

from strongroom.delivery.egress.shares import Share


@final
class Room:
    """Take it piece by piece."""

    __slots__ = ("_share", "_taken")

    def __init__(self, share: Share) -> None:
        self._share = share
        self._taken = 0

    def take(self, size: int) -> None:
        """Take room. Raises `TooMany` if the session has no more."""
        self._share.hold(size)
        self._taken += size

    def give_back(self) -> None:
        """Give all of it back."""
        self._share.free(self._taken)
        self._taken = 0
