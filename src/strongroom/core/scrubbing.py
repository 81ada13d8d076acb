"""Taking secrets out of replies: each becomes the placeholder it was put in for.

A secret is looked for in every form an upstream is likely to echo it in (`core/echoes.py`). Where
base64 digits mix its bits with a neighbour's they are left alone; those that depend on it alone are
replaced.
"""

from collections.abc import Iterable
from typing import final

from strongroom.core.echoes import echoes
from strongroom.core.needles import Needles, Stream
from strongroom.core.overriding import override
from strongroom.core.secret import Secret


@final
class Scrubber:
    """The secrets that one session may have sent to one host. Holds no state of a reply."""

    __slots__ = ("_needles", "_table")

    def __init__(self, secrets: Iterable[tuple[Secret, str]]) -> None:
        self._table = {form: name.encode() for secret, name in secrets for form in echoes(secret.reveal())}
        self._needles = Needles(self._table)

    @override
    def __repr__(self) -> str:
        return "Scrubber(…)"

    def __bool__(self) -> bool:
        return bool(self._table)

    def concerns(self, data: bytes) -> bool:
        """Tell quickly whether a secret may stand in the data: never wrongly no."""
        return self._needles.occur_in(data)

    def clean(self, data: bytes) -> bytes:
        """Return complete data (a header value, a whole body) without secrets."""
        return self._needles.replace(data, self._table.__getitem__)

    def stream(self) -> Stream:
        """Return a stream that cleans one body."""
        return Stream(self._needles, self._table.__getitem__)
