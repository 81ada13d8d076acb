"""Messages that tell their lengths, one behind the other in a body: gRPC's (5 bytes in front: a flag, then the length).

Rules kept here:
- what is searched is each message by itself: its end settles it, so that nothing waits for the message behind it;
- lengths stay as they are told, so whoever replaces something here must keep to them;
- whoever needs to know that this is what the body holds looks at the flags: in a text that is cut where no message
  begins, a letter of it stands in the flag's place.
"""

from collections.abc import Callable
from typing import Protocol, final

_PREFIX = 5


class Piecewise(Protocol):
    """What searches a text that comes in pieces."""

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows; the next piece begins anew."""


@final
class LengthPrefixed:
    """One body of messages, each fed to `within` and finished with its last byte.

    `look_at` is shown the flag of each before anything of it is given out, and may raise.
    """

    __slots__ = ("_left", "_look_at", "_prefix", "_within")

    def __init__(self, within: Piecewise, look_at: Callable[[int], None] | None = None) -> None:
        self._within = within
        self._look_at = look_at
        self._prefix = b""
        self._left = 0  # bytes of the present message still to come

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""
        done: list[bytes] = []
        at = 0
        while at < len(piece):
            if not self._left:
                if not self._prefix and self._look_at is not None:
                    self._look_at(piece[at])
                taken = piece[at : at + _PREFIX - len(self._prefix)]
                at += len(taken)
                self._prefix += taken
                done.append(taken)
                if len(self._prefix) == _PREFIX:
                    self._left, self._prefix = int.from_bytes(self._prefix[1:]), b""
                continue
            part = piece[at : at + self._left]
            at += len(part)
            self._left -= len(part)
            done.append(self._within.feed(part))
            if not self._left:
                done.append(self._within.finish())
        return b"".join(done)

    def finish(self) -> bytes:
        """Return what was held back of a message that is cut short."""
        return self._within.finish()
