"""What a change says of a field that it leaves as it is, where null is a value of its own."""

from enum import Enum, auto
from typing import Final, TypeVar

T = TypeVar("T")


class Keep(Enum):
    """The type of `KEEP`, so that a field can be `str | None | Keep`."""

    KEEP = auto()


KEEP: Final = Keep.KEEP
"""The field was not sent: what is stored stays."""


def kept(sent: T | Keep, stored: T) -> T:
    """Return what was sent, or what is stored if nothing was."""
    return stored if isinstance(sent, Keep) else sent
