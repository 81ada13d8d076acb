"""From which place a login's browser goes out, and under which sticky session (contract skyvern-credentials 8.5).

We store and show it; no traffic of ours passes through such a proxy. Rules kept here:
- only the ISP pool has sessions: with every other location the session is dropped, without a word;
- a session without a location asks for the ISP pool;
- what a change does not name stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from strongroom.core.failures import Invalid
from strongroom.core.keeping import KEEP, Keep

ISP: Final = "RESIDENTIAL_ISP"
_POOLS = (
    *("ES", "IE", "GB", "IN", "JP", "FR", "DE", "NZ", "ZA", "AR"),
    *("AU", "BR", "TR", "CA", "MX", "IT", "NL", "PH", "KR", "SA"),
)
COUNTRIES: Final = frozenset({"US", *_POOLS})
"""Where targets can be (contract 3.9)."""
LOCATIONS: Final = (
    "RESIDENTIAL",
    "US-CA",
    "US-NY",
    "US-TX",
    "US-FL",
    "US-WA",
    *(f"RESIDENTIAL_{country}" for country in _POOLS),
    ISP,
    "NONE",
)
"""Every location that has a name."""
MAX_SUBDIVISION = 10
MAX_CITY = 100
SESSION_BYTES = 5
"""Ten hexadecimal digits."""

NewSession = Callable[[], str]
"""Makes the id of a sticky session."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GeoTarget:
    """A country, a part of it, a city in that."""

    country: str
    subdivision: str | None = None
    city: str | None = None


def geo_target(country: str, subdivision: str | None, city: str | None) -> GeoTarget:
    """Return a target in its normal form: upper case, and the country not said twice. Raises `Invalid`."""
    country = country.upper()
    if country not in COUNTRIES:
        raise Invalid(f"must be one of {', '.join(sorted(COUNTRIES))}", field="country")
    if subdivision is not None:
        before, dash, after = subdivision.upper().partition("-")
        subdivision = after if dash else before
    return GeoTarget(country=country, subdivision=subdivision, city=city)


Location = str | GeoTarget
"""One of `LOCATIONS`, or a target."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyIdentity:
    """Where, and under which session."""

    location: Location | None = None
    session: str | None = None


def first(location: Location | None, session: str | None, new_session: NewSession) -> ProxyIdentity:
    """Return the identity of a new login."""
    if location is None and session is not None:
        location = ISP
    if location != ISP:
        return ProxyIdentity(location=location)
    return ProxyIdentity(location=ISP, session=session or new_session())


def changed(
    before: ProxyIdentity,
    *,
    location: Location | Keep | None,
    session: str | Keep | None,
    rotate: bool,
    new_session: NewSession,
) -> ProxyIdentity:
    """Return the identity after a change. `rotate` asks for another session, whatever else is said."""
    if rotate:
        return ProxyIdentity(location=ISP, session=new_session())
    sent_session = None if session is KEEP else session
    if location is KEEP:
        if session is KEEP:
            return before
        return ProxyIdentity() if sent_session is None else ProxyIdentity(location=ISP, session=sent_session)
    if location == ISP:
        return first(ISP, sent_session or before.session, new_session)
    return first(location, sent_session, new_session)
