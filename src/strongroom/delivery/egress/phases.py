"""Where a conversation with a client stands."""

from enum import Enum, auto
from typing import Final


class Phase(Enum):
    """One at a time; `conversation.py` draws how one leads to the next."""

    READING = auto()
    """The head of a request is due."""
    ASKING = auto()
    """A request waits for a session or a plan."""
    PEEKING = auto()
    """A tunnel is open, and what is spoken in it not known yet."""
    EXCHANGING = auto()
    """A request and its reply are under way."""
    RELAYING = auto()
    """The protocol has changed: a relay has the word."""
    CLOSED = auto()
    """Nothing more is read."""


READING: Final = Phase.READING
ASKING: Final = Phase.ASKING
EXCHANGING: Final = Phase.EXCHANGING
"""Taken once for what runs with every request: before Python 3.12, to ask an enumeration for a member costs as much as
to read a head."""
