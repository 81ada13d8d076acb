"""Who made and who last changed a thing, and why they said they did (contract 2.1)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.grants import Principal
from strongroom.core.texts import has_controls
from strongroom.core.uuids import uuid_for

MAX_NOTE = 500
MAX_NAME = 255


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone, as this wire names people: always with a UUID, with a name and an address where their token says so."""

    user_id: str
    email: str | None = None
    name: str | None = None


def actor(principal: Principal) -> Actor:
    """Return who a principal is here."""
    person = principal.person
    if person is None:
        return Actor(user_id=uuid_for(principal.id))
    return Actor(user_id=person.user_id, email=person.email, name=person.name)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The whole of it. A note explains one change: the next change has its own or none."""

    created_by: Actor
    modified_by: Actor | None = None
    modified_at: datetime | None = None
    note: str | None = None

    def changed(self, by: Actor, at: datetime, note: str | None) -> "Attribution":
        """Return it after a change."""
        return replace(self, modified_by=by, modified_at=at, note=note)


def checked_note(note: str | None) -> str | None:
    """Return a note, or None for a blank one. Raises `Invalid`."""
    note = (note or "").strip()
    if len(note) > MAX_NOTE:
        raise Invalid(f"must have at most {MAX_NOTE} characters", field="change_note")
    _require_printable(note.replace("\n", " ").replace("\t", " "), "change_note")
    return note or None


def checked_name(name: str, *, field: str = "name") -> str:
    """Return a name without blanks around it. Raises `Invalid`."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid(f"must have 1 to {MAX_NAME} characters", field=field)
    _require_printable(name, field)
    return name


def _require_printable(text: str, field: str) -> None:
    if has_controls(text):
        raise Invalid("must not contain control characters", field=field)
