"""What a model sees of a login, and how what it types is read (contract skyvern-credentials 8.1).

A placeholder says of which field it is, so that a model can use it, and nothing else that means anything: 128 random
bits stand in it. It is good for one page, once, for some minutes.

Rules kept here:
- a text that is a placeholder means its value;
- a text with two of them or more means all their values; with one, and more around it, it means what it says;
- a text with a placeholder that nobody gave out means nothing: it is refused, never typed.
"""

import re
from collections.abc import Collection

from strongroom.core.failures import Invalid
from strongroom.core.ids import base62

PREFIX = "placeholder_"
RANDOM_BYTES = 16
_DIGITS = 22  # 62**22 > 2**128


def mint(field: str, random: bytes) -> str:
    """Return the placeholder of a field."""
    return f"{PREFIX}{base62(int.from_bytes(random[:RANDOM_BYTES]), _DIGITS)}_{field}"


def parts_of(text: str, known: Collection[str]) -> list[str]:
    """Cut what a model typed into placeholders and the texts between them; a text that stands for itself is one part.

    Raises `Invalid` where a placeholder stands in it that is not known.
    """
    if text in known:
        return [text]
    if not known:
        _require_no_other(text)
        return [text]
    longest_first = sorted(known, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", text)
    for between in parts[::2]:
        _require_no_other(between)
    return [part for part in parts if part] if len(parts) > 3 else [text]  # noqa: PLR2004 - text, placeholder, text


def _require_no_other(text: str) -> None:
    if PREFIX in text.lower():
        raise Invalid("holds a placeholder that is not one of those on offer: ask for an offer and type what it says")
