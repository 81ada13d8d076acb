"""What the fields of logins, cards and secrets are called where one stands for each (contract skyvern-credentials 8.1).

Rules kept here:
- names are lower case, letters, digits and `_`; whatever else a caller's own name holds becomes `_`;
- of two fields with one name the second is called `…_2`;
- a field without a value has no name.
"""

import re
from collections.abc import Iterable, Mapping

from strongroom.core.secret import Secret
from strongroom.core.totp_keys import TotpKey

Field = Secret | TotpKey
"""What stands in a field: a text, or the key of codes that change with the clock. The key itself is never put in."""

METADATA = "metadata"
USERNAME = "username"
PUBLIC_FIELDS = frozenset({USERNAME})
"""Fields that anyone sees who may see the credential, so nobody takes them out of replies."""
_OTHER = re.compile(r"[^a-z0-9]")


def named(fields: Iterable[tuple[str, Field | None]]) -> Mapping[str, Field]:
    """Return the fields that have a value, in order, each under a name of its own."""
    found: dict[str, Field] = {}
    for wanted, field in fields:
        if field is None or field == Secret(""):
            continue
        name = base = _OTHER.sub("_", wanted.lower())
        count = 1
        while name in found:
            count += 1
            name = f"{base}_{count}"
        found[name] = field
    return found


def variables_of(name: str, fields: Iterable[str]) -> Mapping[str, str]:
    """Return the variables that stand for fields: what the credential is called, and what the field is, in capitals."""
    return {f"{name}_{field}".upper(): field for field in fields}


def nested(prefix: str, fields: Mapping[str, Secret]) -> Iterable[tuple[str, Secret]]:
    """Return fields of a field, with its name in front of theirs."""
    return ((f"{prefix}_{name}", value) for name, value in fields.items())
