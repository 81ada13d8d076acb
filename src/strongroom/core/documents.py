"""JSON objects that others wrote (metadata, registrations, token replies), read field by field.

Rules kept here:
- what is not a JSON object, or has a field of another type than it must have, raises `BadReply` and never half a value;
- a field that is secret becomes a `Secret` as it is read; no sentence repeats what stood in a document;
- every URL in one passes the rules of `ControlUrl`: https (or http where the deployment says so), no user information,
  no fragment.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from strongroom.core.calls import ControlUrl, Reply
from strongroom.core.failures import BadReply, Invalid
from strongroom.core.secret import Secret

MAX_BYTES = 64 * 1024
"""The most that is read of any such document: the largest in use have a few kilobytes."""
MAX_TEXT = 2047
"""Characters of one field that becomes part of a credential (contract anthropic-vaults 4.3)."""
MAX_SECONDS = 100 * 365 * 24 * 3600
OK = 200


@final
@dataclass(frozen=True, slots=True)
class Document:
    """`what` is what sentences call it: `the authorization server metadata at https://as.test`."""

    what: str
    _fields: Mapping[str, Any]

    @classmethod
    def read(cls, reply: Reply, what: str) -> "Document":
        """Read the body of a reply. Raises `BadReply`."""
        if reply.truncated:
            raise BadReply(f"{what} is larger than {MAX_BYTES // 1024} KiB")
        try:
            fields = json.loads(reply.body)
        except (ValueError, RecursionError):  # of JSON and of UTF-8; a parser's words may quote the body
            raise BadReply(f"{what} is not JSON") from None
        if not isinstance(fields, dict):
            raise BadReply(f"{what} is not a JSON object")
        return cls(what, fields)

    def text(self, name: str, *, most: int = MAX_TEXT) -> str | None:
        """Return a text, or None where there is none."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isprintable():
            raise BadReply(f"{name} in {self.what} is no text of 1 to {most} printable characters")
        return value

    def required(self, name: str, *, most: int = MAX_TEXT) -> str:
        """Return a text that must be there."""
        value = self.text(name, most=most)
        if value is None:
            raise BadReply(f"{self.what} has no {name}")
        return value

    def secret(self, name: str, *, most: int) -> Secret | None:
        """Return a text that nobody shows and that fits into a header or a form, or None where there is none."""
        value = self.text(name, most=most)
        if value is not None and not value.isascii():  # RFC 6749 appendix A: tokens and secrets are VSCHARs
            raise BadReply(f"{name} in {self.what} has other characters than visible ASCII")
        return None if value is None else Secret(value)

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, or None where there is none."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise BadReply(f"{name} in {self.what} is no list of texts")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """Return whether something is said to be so."""
        return self._fields.get(name) is True

    def seconds(self, name: str) -> int | None:
        """Return a number of seconds, or None where there is none; some servers write it as a text or with a point."""
        value = self._fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_SECONDS)):
            value = int(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
            raise BadReply(f"{name} in {self.what} is no number of seconds")
        return int(value)

    def url(self, name: str, *, insecure: bool) -> ControlUrl | None:
        """Return a URL, or None where there is none."""
        value = self.text(name)
        return None if value is None else self.checked(name, value, insecure=insecure)

    def required_url(self, name: str, *, insecure: bool) -> ControlUrl:
        """Return a URL that must be there."""
        return self.checked(name, self.required(name), insecure=insecure)

    def checked(self, name: str, value: str, *, insecure: bool) -> ControlUrl:
        """Return a URL that stands in a field."""
        try:
            return ControlUrl.parse(value, insecure=insecure)
        except Invalid as refused:
            raise BadReply(f"{name} in {self.what} cannot be used: it {refused.rule}") from None
