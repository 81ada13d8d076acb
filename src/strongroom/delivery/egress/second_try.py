"""What a request is sent again with, once, if the upstream rejects the token that was put in (401).

Rules kept here:
- only a token that can be renewed is worth it, and only a request that is known whole: its body is kept as it came, up
  to a bound, and counted to the session's share; what does not fit is not sent again, and not refused either.
"""

from typing import final

from strongroom.core.plans import Placement
from strongroom.delivery.egress.shares import Share

MOST_BYTES = 1 << 20
"""The longest body that is kept."""


@final
class SecondTry:
    """The placement whose token went out, and the body that goes with it."""

    __slots__ = ("_body", "_share", "_size", "placement")

    def __init__(self, placement: Placement, share: Share) -> None:
        self.placement = placement
        self._share = share
        self._body: list[bytes] | None = []
        self._size = 0

    @property
    def possible(self) -> bool:
        """Whether all of the body that has come is kept."""
        return self._body is not None

    def keep(self, payload: bytes) -> None:
        """Keep a piece of the body, if there is room."""
        if self._body is None or not payload:
            return
        if self._size + len(payload) > MOST_BYTES or not self._share.spare(len(payload)):
            self.let_go()
            return
        self._size += len(payload)
        self._body.append(payload)

    def take(self) -> bytes:
        """Return the body, and keep it no longer."""
        body = b"".join(self._body or ())
        self.let_go()
        return body

    def let_go(self) -> None:
        """Keep nothing."""
        self._share.free(self._size)
        self._size = 0
        self._body = None
