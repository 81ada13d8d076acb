"""What has been typed so far, and taking it out of everything that somebody is shown."""

from typing import final

from strongroom.core.overriding import override
from strongroom.core.scrubbing import Scrubber
from strongroom.core.secret import Secret

LEAST = 5
"""Characters of a value that is looked for inside of other text; a shorter one is only taken out where it is all of it
(contract skyvern-credentials 8.1): else every `no` would be a secret."""


@final
class Veil:
    """The values that one filler has redeemed, each with the placeholder that it is shown as."""

    def __init__(self) -> None:
        self._long: list[tuple[Secret, str]] = []
        self._short: list[tuple[Secret, str]] = []
        self._scrubber = Scrubber(())

    @override
    def __repr__(self) -> str:
        return "Veil(…)"

    def note(self, value: Secret, placeholder: str) -> None:
        """Remember a value; nothing to whoever has it is worth nothing."""
        kept = self._short if len(value.reveal()) < LEAST else self._long
        kept.append((value, placeholder))
        self._scrubber = Scrubber(self._long)

    def text(self, shown: str) -> str:
        """Return a text without values."""
        for value, placeholder in self._short:
            if value == Secret(shown):
                return placeholder
        return self.bytes(shown.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def bytes(self, shown: bytes) -> bytes:
        """Return a body without values."""
        return self._scrubber.clean(shown)
