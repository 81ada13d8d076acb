"""Marks on rows that decide where a secret goes: who can write to the database cannot make one.

A row's secret is sealed elsewhere, to terms of its own; this binds what the row adds to them.
"""

import hmac
import json
from collections.abc import Sequence
from typing import final

from strongroom.core.overriding import override


@final
class Marks:
    """Makes and checks marks under one key (`subkey(…, "provider marks")`)."""

    __slots__ = ("_key",)

    def __init__(self, *, key: bytes) -> None:
        self._key = key

    @override
    def __repr__(self) -> str:
        return "Marks(…)"

    def make(self, parts: Sequence[str]) -> bytes:
        """Return the mark of a row, given what of it matters."""
        return hmac.digest(self._key, json.dumps(list(parts)).encode(), "sha256")

    def fits(self, parts: Sequence[str], mark: bytes) -> bool:
        """Tell whether a mark is that row's, in constant time."""
        return hmac.compare_digest(self.make(parts), mark)
