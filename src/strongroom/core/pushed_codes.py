"""One-time codes that somebody forwards: out of a message, and to whom they belong (contract skyvern-credentials 5.7).

No model reads the message. Rules kept here, the first that answers:
- a text of at most ten characters is the code; a text that is one http(s) URL is a link to click;
- of several groups of 4 to 8 digits none is guessed: there must be one, however often it is written; what has three
  or more parts with hyphens between them is a date or a telephone number;
- otherwise the one that follows a word for it, in the same sentence rather than in the next; and failing that, nothing
  is found.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.ids import OrganizationId, PushedCodeId, WorkspaceId
from strongroom.core.secret import Secret

MAX_BARE = 10
MAX_PENDING = 65_536
"""Characters of a message that is kept though no code was found in it."""
CODE_LIFETIME = timedelta(minutes=10)
CONTENT_LIFETIME = timedelta(hours=24)
MAX_KEPT = 10_000
"""Messages that a workspace has at most."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{5,30}\Z")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}>'\""
_RUN = re.compile(r"(?<![\w.,$€£])[0-9]+(?:[ -][0-9]+)*(?!\w|[.,][0-9])")
_TWO_HALVES = re.compile(r"([0-9]{3,4})[ -]([0-9]{3,4})\Z")
_PARTS = 3
"""So many with hyphens between them are no code."""
_GROUP = re.compile(r"[0-9]+")
_DIGITS = range(4, 9)
_WORD = re.compile(r"\b(?:code|otp|pin|passcode)\b", re.IGNORECASE)
_NEAR = 40
_SENTENCE_END = re.compile(r"[.!?]\s")
_LONGEST = 12
"""More than any code is long, so that none is cut short where the look behind a word ends."""
_MIXED = re.compile(r"\b(?=[A-Za-z]*[0-9])[A-Za-z0-9]{4,8}\b")


class CodeKind(StrEnum):
    """What a message held."""

    TOTP = "totp"
    MAGIC_LINK = "magic_link"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PushedCode:
    """A message that was forwarded, and what was found in it: `kind` is None while that is nothing.

    `code` and `content` are None once their time is over.
    """

    id: PushedCodeId
    organization: OrganizationId
    workspace: WorkspaceId
    identifier: str
    content: Secret | None
    code: Secret | None
    kind: CodeKind | None
    task: str | None = None
    workflow: str | None = None
    workflow_run: str | None = None
    source: str | None = None
    expired_at: datetime | None = None
    created_at: datetime


@final
@dataclass(frozen=True, slots=True)
class Found:
    """What a message held."""

    code: Secret
    kind: CodeKind


def extracted(content: Secret) -> Found | None:
    """Return the code or link in a message. Raises `Invalid` for a long one in which none is found."""
    text = content.reveal()
    found = found_in(text)
    if found is None:
        if len(text) > MAX_PENDING:
            raise Invalid(f"holds no code that can be told, and is over {MAX_PENDING} characters", field="content")
        return None
    code, kind = found
    return Found(Secret(code), kind)


def found_in(content: str) -> tuple[str, CodeKind] | None:
    """Return the code or link in a message, if there is one."""
    text = content.strip()
    code = text if len(text) <= MAX_BARE else _link(text) or _only(_groups(text)) or _named(text)
    if code is None:
        return None
    return code, CodeKind.MAGIC_LINK if code.lower().startswith(("http://", "https://")) else CodeKind.TOTP


def stored_identifier(text: str) -> str:
    """Return whom a code is for, as it is kept: an e-mail address in one case, anything else as it is."""
    trimmed = text.strip()
    return trimmed.lower() if _EMAIL.match(trimmed) else text


def compared_identifier(text: str) -> str:
    """Return it as it is looked for: of a telephone number only the digits count."""
    stored = stored_identifier(text)
    return "".join(_GROUP.findall(stored)) if _PHONE.match(stored.strip()) else stored


def _link(text: str) -> str | None:
    return text.rstrip(_TRAILING) if _URL.fullmatch(text) else None


def _groups(text: str) -> list[str]:
    """Return the groups of digits that are long enough; two halves, joined by one sign, are one."""
    found: list[str] = []
    for run in _RUN.findall(_URL.sub(" ", text)):
        halves = _TWO_HALVES.match(run)
        parts = [part for part in run.split(" ") if part.count("-") < _PARTS - 1]
        found += ["".join(halves.groups())] if halves else _GROUP.findall(" ".join(parts))
    return [group for group in found if len(group) in _DIGITS]


def _named(text: str) -> str | None:
    """Return the code that stands behind a word for it; of those with letters in them only if there is no other."""
    without = _URL.sub(" ", text)
    behind = [without[word.end() : word.end() + _NEAR + _LONGEST] for word in _WORD.finditer(without)]
    # "Your code is 123456. This code expires soon. 1600 Main Street": the address is not in the sentence of a code.
    for looked_at in ([_SENTENCE_END.split(near, maxsplit=1)[0] for near in behind], behind):
        numbers = [group for near in looked_at for group in _groups(near)[:1]]
        if numbers:
            return _only(numbers)
    return _only([mixed for near in behind for mixed in _MIXED.findall(near)[:1]])


def _only(found: Sequence[str]) -> str | None:
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else None
