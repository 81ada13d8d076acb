"""What a server says in `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9728 section 5.1).

A line may hold several challenges, each with parameters of its own, and commas separate both: a parameter belongs to
the scheme before it, and only what stands outside of quoted strings counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

MAX_HEADER = 8 * 1024
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - RFC 9110's word for it
_GAP = re.compile(r"[ \t,]*")
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t,"]+))(?=[ \t]*(?:,|\Z))')
"""Some servers write a URL without quotes, which the grammar does not allow and everybody understands."""
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+[0-9A-Za-z\-._~+/]+=*(?=[ \t]*(?:,|\Z)))?(?=[ \t,]|\Z)")
_KNOWN = frozenset({"resource_metadata", "scope", "error"})
_ESCAPED = re.compile(r"\\(.)")


@final
@dataclass(frozen=True, slots=True)
class Challenge:
    """What a bearer challenge asks for; each part may be missing."""

    resource_metadata: str | None = None
    scope: str | None = None
    error: str | None = None


def bearer_challenge(header: str | None) -> Challenge | None:
    """Return the bearer challenge of a header line: of several, the first that names resource metadata."""
    found = [Challenge(**part) for scheme, part in _challenges((header or "")[:MAX_HEADER]) if scheme == "bearer"]
    return next((one for one in found if one.resource_metadata is not None), found[0] if found else None)


def _challenges(line: str) -> Iterator[tuple[str, dict[str, str]]]:
    scheme, parameters = "", dict[str, str]()
    position = 0
    while True:
        position = _skip(line, position)
        if position == len(line):
            break
        found = _PARAMETER.match(line, position)
        if found is not None:
            name, quoted, plain = found.groups()
            value = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
            if name.lower() in _KNOWN and value:
                parameters.setdefault(name.lower(), value)  # RFC 6750: a parameter stands there once
        else:
            found = _SCHEME.match(line, position)
            if found is None:  # no grammar from here on: what came before it still stands
                break
            yield scheme, parameters
            scheme, parameters = found[1].lower(), {}
        position = found.end()
    yield scheme, parameters


def _skip(line: str, position: int) -> int:
    found = _GAP.match(line, position)
    assert found is not None  # noqa: S101 - it matches the empty text
    return found.end()
