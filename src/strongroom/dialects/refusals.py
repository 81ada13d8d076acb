"""What can go wrong at a door before a use case is asked, or beneath one; the rest is in `core/failures.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from strongroom.core.failures import Failure, NotAuthenticated, NotPermitted, NotTaken, Refused, Unable

_MOST_SHOWN = 10


def explained(failure: Failure) -> dict[str, str]:
    """Return the headers that say what ails a token (RFC 6750 section 3): the same in all dialects."""
    match failure:
        case NotAuthenticated(why=NotTaken() as why):
            challenge = f'Bearer error="invalid_token", error_description="{why.sentence}"'
            return {"strongroom-refused": why.value, "www-authenticate": challenge}
        case NotPermitted(why=NotTaken() as why):
            return {"strongroom-refused": why.value}
        case _:
            return {}


@final
class NoRoute(Refused):
    """Nothing is served under this path."""

    def __init__(self) -> None:
        super().__init__("there is nothing at this path")


@final
class WrongMethod(Refused):
    """The path exists, the method does not. `allowed` are those that do."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("this path does not take this method")
        self.allowed = tuple(allowed)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One rule of the wire that was broken, as the validator names it: where, which, and in words."""

    where: tuple[str | int, ...]
    kind: str
    rule: str


@final
class Malformed(Refused):
    """One or more fields break a rule of the wire. Names paths and rules, never what was sent.

    `problems` are paths and rules as people read them; `found` is what the validator said, for dialects whose clients
    know its words.
    """

    def __init__(self, problems: Sequence[tuple[str, str]], *, found: Sequence[Problem] = ()) -> None:
        super().__init__("; ".join(f"{field}: {rule}" for field, rule in problems[:_MOST_SHOWN]))
        self.problems = tuple(problems)
        self.found = tuple(found)


@final
class Crashed(Unable):
    """A mistake of ours. The log has its class and place."""

    def __init__(self) -> None:
        super().__init__("something went wrong on our side")
