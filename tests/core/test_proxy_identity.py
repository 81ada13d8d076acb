"""The table of contract skyvern-credentials 8.5, row by row."""

from itertools import count

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.keeping import KEEP, Keep
from strongroom.core.proxy_identity import (
    ISP,
    LOCATIONS,
    GeoTarget,
    Location,
    ProxyIdentity,
    changed,
    first,
    geo_target,
)

STORED = ProxyIdentity(location=ISP, session="stored")
TARGET = GeoTarget(country="US")


def made() -> str:
    return "made"


@pytest.mark.parametrize(
    ("location", "session", "expected"),
    [
        (None, None, ProxyIdentity()),
        (ISP, None, ProxyIdentity(location=ISP, session="made")),
        (ISP, "sent", ProxyIdentity(location=ISP, session="sent")),
        (None, "sent", ProxyIdentity(location=ISP, session="sent")),
        ("US-CA", None, ProxyIdentity(location="US-CA")),
        ("US-CA", "sent", ProxyIdentity(location="US-CA")),
        (TARGET, "sent", ProxyIdentity(location=TARGET)),
    ],
)
def test_the_identity_of_a_new_login(location: Location | None, session: str | None, expected: ProxyIdentity) -> None:
    assert first(location, session, made) == expected


@pytest.mark.parametrize(
    ("before", "location", "session", "expected"),
    [
        (STORED, KEEP, KEEP, STORED),
        (STORED, ISP, KEEP, STORED),
        (STORED, ISP, None, STORED),
        (STORED, ISP, "sent", ProxyIdentity(location=ISP, session="sent")),
        (ProxyIdentity(), ISP, KEEP, ProxyIdentity(location=ISP, session="made")),
        (STORED, "US-CA", KEEP, ProxyIdentity(location="US-CA")),
        (STORED, "US-CA", "sent", ProxyIdentity(location="US-CA")),
        (STORED, TARGET, KEEP, ProxyIdentity(location=TARGET)),
        (STORED, None, KEEP, ProxyIdentity()),
        (STORED, None, None, ProxyIdentity()),
        (STORED, None, "sent", ProxyIdentity(location=ISP, session="sent")),
        (STORED, KEEP, "sent", ProxyIdentity(location=ISP, session="sent")),
        (ProxyIdentity(location="US-CA"), KEEP, "sent", ProxyIdentity(location=ISP, session="sent")),
        (STORED, KEEP, None, ProxyIdentity()),
    ],
)
def test_the_identity_after_a_change(
    before: ProxyIdentity, location: Location | Keep | None, session: str | Keep | None, expected: ProxyIdentity
) -> None:
    assert changed(before, location=location, session=session, rotate=False, new_session=made) == expected


def test_rotation_asks_for_the_isp_pool_and_another_session_whatever_else_is_said() -> None:
    numbers = count()

    def fresh() -> str:
        return str(next(numbers))

    for location in (KEEP, None, "US-CA", ISP):
        after = changed(STORED, location=location, session="sent", rotate=True, new_session=fresh)
        assert after.location == ISP
        assert after.session not in {"sent", "stored"}
    assert next(numbers) == 4


def test_a_target_has_one_spelling() -> None:
    assert geo_target("us", "us-ca", "LA") == GeoTarget(country="US", subdivision="CA", city="LA")
    assert geo_target("GB", "eng", None) == GeoTarget(country="GB", subdivision="ENG")
    assert geo_target("GB", "gb-eng-ldn", None).subdivision == "ENG-LDN"
    with pytest.raises(Invalid, match="country: must be one of AR, AU"):
        geo_target("CN", None, None)


def test_there_are_as_many_locations_as_clients_know() -> None:
    assert len(set(LOCATIONS)) == len(LOCATIONS) == 28
