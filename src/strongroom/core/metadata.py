"""Key-value notes that users attach to things, and the patch rule of contract anthropic-vaults 3.2 and 3.3."""

import re
from collections.abc import Mapping

from strongroom.core.failures import Invalid

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

MAX_PAIRS = 16
MAX_KEY = 64
MAX_VALUE = 512


def checked(metadata: Mapping[str, str], *, field: str = "metadata") -> dict[str, str]:
    """Return the map if it keeps the caps; raises `Invalid` otherwise."""
    if len(metadata) > MAX_PAIRS:
        raise Invalid(f"must have at most {MAX_PAIRS} pairs", field=field)
    for key, value in metadata.items():
        if not 1 <= len(key) <= MAX_KEY or _CONTROL.search(key):
            raise Invalid(f"keys must have 1 to {MAX_KEY} characters and no control characters", field=field)
        if len(value) > MAX_VALUE:
            raise Invalid(f"values must have at most {MAX_VALUE} characters", field=field)
    return dict(metadata)


def patched(stored: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """Return the merged map: a string sets, `None` deletes, keys not named stay. Raises `Invalid` over the caps."""
    merged = dict(stored) | {key: value for key, value in patch.items() if value is not None}
    return checked({key: value for key, value in merged.items() if patch.get(key, "") is not None})
