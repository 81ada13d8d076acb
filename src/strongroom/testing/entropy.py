"""Entropy that counts: never random, never the same twice."""

import hashlib
from itertools import count
from typing import final

from strongroom.core.ids import ID_BYTES, render


@final
class CountingEntropy:
    """Bytes derived from a counter. For tests alone: everything made from it can be guessed.

    Two with different labels give different bytes.
    """

    def __init__(self, *, label: str = "") -> None:
        self._label = label.encode()
        self._calls = count(1)

    def __call__(self, size: int) -> bytes:
        """Return so many bytes."""
        return hashlib.shake_256(self._label + next(self._calls).to_bytes(8)).digest(size)

    def new_id(self, prefix: str) -> str:
        """Return an id that was not given out before."""
        return render(prefix, self(ID_BYTES))
