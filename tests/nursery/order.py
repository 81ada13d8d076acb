"""What is said to the process that others are forked from; with it go three streams and where to tell how it ended."""

from typing import TypedDict

MOST_OCTETS = 1 << 20
MOST_DESCRIPTORS = 4


class Order(TypedDict):
    """A command: what is typed after `strongroom`, with which variables, and where."""

    words: list[str]
    variables: dict[str, str]
    folder: str
