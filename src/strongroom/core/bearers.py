"""What a token of an issuer says, once its signature is verified. Pure.

RFC 7519, RFC 9068, RFC 8725; contract barndoor-credentials 2.8. Rules kept here:
- issuer and audience are compared letter by letter, and the token must say when it ends;
- a token that names no organization, or several, acts in none;
- a role counts where it was given for us: on the whole, or for the client that the audience names, never for another;
- of names and addresses only what fits is kept, and nothing that a token says is repeated in a refusal.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, final

from strongroom.core.failures import NotAuthenticated, NotPermitted, NotTaken
from strongroom.core.grants import Person
from strongroom.core.ids import USER, PrincipalId, render
from strongroom.core.uuids import is_uuid, uuid_for

LEEWAY = timedelta(seconds=60)
"""How far clocks may be apart (contract 2.8)."""
MAX_TEXT = 255
"""Characters of a subject (OpenID Connect Core section 2), an organization's id or name, a person's name."""
MAX_EMAIL = 320
ADMINS = frozenset({"admin", "owner"})
"""Roles that administer an organization."""
_LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The organization that a token names: the issuer's id of it, and what people call it, if it says that."""

    id: str
    name: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whoever a token stands for, and until when it does."""

    issuer: str
    subject: str
    person: Person
    organization: Named | None
    is_admin: bool
    ends_at: datetime

    @property
    def principal(self) -> PrincipalId:
        """What the audit log calls it: always the same for one subject of one issuer, and nothing of either."""
        return PrincipalId(render(USER, hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).digest()))


def read_bearer(claims: Mapping[str, Any], *, issuer: str, audience: str, now: datetime) -> Bearer:
    """Judge verified claims. Raises `NotAuthenticated`, and `NotPermitted` for several organizations."""
    if claims.get("iss") != issuer:
        raise _refused(NotTaken.ISSUER)
    if audience not in _texts(claims.get("aud")):
        raise _refused(NotTaken.AUDIENCE)
    ends_at = checked_time(claims, now)
    subject = text(claims.get("sub"))
    if subject is None:
        raise _refused(NotTaken.SUBJECT)
    return Bearer(
        issuer=issuer,
        subject=subject,
        person=_person(claims, issuer, subject),
        organization=organization(claims),
        is_admin=not ADMINS.isdisjoint(_roles(claims, audience)),
        ends_at=ends_at,
    )


def checked_time(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Return when the token ends. Raises `NotAuthenticated` if it has, has not begun, or does not say."""
    ends_at = _moment(claims.get("exp"))
    if ends_at is None or now >= ends_at + LEEWAY:
        raise _refused(NotTaken.EXPIRED)
    for name in ("nbf", "iat"):
        if name in claims:
            begins_at = _moment(claims[name])
            if begins_at is None or now < begins_at - LEEWAY:
                raise _refused(NotTaken.NOT_YET)
    return ends_at


def organization(claims: Mapping[str, Any]) -> Named | None:
    """Return the organization that is named, the first claim that is there deciding. Raises `NotPermitted`."""
    for name in ("org_id", "organization_id"):
        if claims.get(name) is not None:
            return _single(claims[name], called=claims.get("org_name"))
    found = claims.get("organization")  # Keycloak: {"acme": {"id": "…"}}
    if isinstance(found, list | dict) and len(found) > 1:
        raise NotPermitted(NotTaken.ORGANIZATION_AMBIGUOUS.sentence, why=NotTaken.ORGANIZATION_AMBIGUOUS)
    if not isinstance(found, dict):
        return None  # a bare name is given to whoever takes it first, so it identifies nobody
    for alias, described in found.items():
        return _single(described.get("id"), called=alias) if isinstance(described, dict) else None
    return None


def text(value: object, *, most: int = MAX_TEXT) -> str | None:
    """Return a text that is short and printable, or None."""
    return value if isinstance(value, str) and 0 < len(value) <= most and value.isprintable() else None


def _single(value: object, *, called: object) -> Named | None:
    if isinstance(value, list):
        if len(value) > 1:
            raise NotPermitted(NotTaken.ORGANIZATION_AMBIGUOUS.sentence, why=NotTaken.ORGANIZATION_AMBIGUOUS)
        value = value[0] if value else None
    id_ = text(value)
    return None if id_ is None else Named(id=id_, name=text(called))


def _person(claims: Mapping[str, Any], issuer: str, subject: str) -> Person:
    """Return who it is; clients of that wire know people by UUIDs and nothing else (contract 2.8)."""
    return Person(
        user_id=subject.lower() if is_uuid(subject) else uuid_for(f"{issuer}|{subject}"),
        email=text(claims.get("email"), most=MAX_EMAIL),
        name=text(claims.get("name")) or text(claims.get("preferred_username")),
    )


def _roles(claims: Mapping[str, Any], audience: str) -> Iterator[str]:
    yield from _texts(claims.get("roles"))
    yield from _texts(_within(claims.get("realm_access"), "roles"))
    yield from _texts(_within(_within(claims.get("resource_access"), audience), "roles"))


def _within(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _moment(value: object) -> datetime | None:
    """Read a NumericDate (RFC 7519 section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return datetime.fromtimestamp(min(value, _LAST_MOMENT.timestamp()), UTC)


def _refused(why: NotTaken) -> NotAuthenticated:
    return NotAuthenticated(presented=True, why=why)
