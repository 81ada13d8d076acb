"""Fields as HTTP/2 carries them (RFC 9113 8.2, 8.3), checked before they may become lines of HTTP/1.1.

Rules kept here:
- a name is a token in lower case, a value has no line end, no NUL and no blank around it;
- pseudo-fields stand before all others, once each, and only such as are expected;
- fields that belong to one connection are not there (`te: trailers` is the exception that the RFC makes).
"""

import re
from collections.abc import Iterable
from typing import final

Fields = list[tuple[bytes, bytes]]

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(rb"(?:[!-~\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[!-~\x80-\xff])?)?")
_OF_A_CONNECTION = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})


@final
class Malformed(Exception):
    """The message breaks a rule of HTTP/2. The sentence goes on after "it …", and does not quote the message."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def checked(fields: Iterable[tuple[bytes, bytes]], *, pseudo: frozenset[bytes]) -> tuple[dict[bytes, bytes], Fields]:
    """Return the pseudo-fields, of which these are allowed, and the others in order. Raises `Malformed`."""
    first: dict[bytes, bytes] = {}
    rest: Fields = []
    for name, value in fields:
        if _VALUE.fullmatch(value) is None:
            raise Malformed("has a field value with a character that no value may have")
        if name.startswith(b":"):
            if rest or name in first or name not in pseudo:
                raise Malformed("has a pseudo-field that is unknown, repeated, or not in its place")
            first[name] = value
            continue
        if _NAME.fullmatch(name) is None:
            raise Malformed("has a field name that is not a token in lower case")
        if name in _OF_A_CONNECTION or (name == b"te" and value.lower() != b"trailers"):
            raise Malformed("has a field that belongs to a connection of HTTP/1.1")
        rest.append((name, value))
    return first, rest


def without_connection(fields: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Return the fields of a message of ours as HTTP/2 may carry them: names in lower case, nothing of a connection."""
    lower = ((name.lower(), value) for name, value in fields)
    return [(name, value) for name, value in lower if name not in _OF_A_CONNECTION]
