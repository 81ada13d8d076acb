"""A value that may be used and never shown."""

import hmac
from typing import Never, final

from strongroom.core.overriding import override


@final
class Secret:
    """Wraps a secret text so that no log line, error or JSON can show it by accident.

    `reveal()` is for the few modules listed in `tests/architecture`; every other way of turning
    it into text gives a constant, and every way of copying it out of the process raises.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # equality is for checks, not for look-ups

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. Use it inline; keep no name for it longer than a statement."""
        return self._value

    def contains(self, part: str) -> bool:
        """Tell whether a public text (a forbidden character, a known prefix) stands in the secret."""
        return part in self._value

    @override
    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    @override
    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    @override
    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("a Secret does not leave the process; seal it")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> Never:
        raise TypeError("a Secret does not leave the process; seal it")
