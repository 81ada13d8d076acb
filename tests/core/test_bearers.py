"""What a verified token says of whom, and what it must say to be taken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from strongroom.core.bearers import LEEWAY, Bearer, Named, read_bearer
from strongroom.core.failures import NotAuthenticated, NotPermitted, NotTaken
from strongroom.core.uuids import is_uuid

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ISSUER, AUDIENCE = "https://login.example.com/realms/main", "strongroom"
ORGANIZATION = "0b9b5f2e-6a86-4f3f-9a93-3f1a5b7c9d10"
OTHER = "7d2c1d7e-3a4b-4c5d-8e9f-0a1b2c3d4e5f"


def stamp(moment: datetime) -> int:
    return int(moment.timestamp())


def read(**claims: object) -> Bearer:
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "somebody",
        "exp": stamp(NOW + timedelta(minutes=5)),
        "org_id": ORGANIZATION,
        **claims,
    }
    kept = {claim: value for claim, value in said.items() if value is not None}
    return read_bearer(kept, issuer=ISSUER, audience=AUDIENCE, now=NOW)


def why(**claims: object) -> NotTaken | None:
    with pytest.raises((NotAuthenticated, NotPermitted)) as refused:
        read(**claims)
    failure = refused.value
    assert isinstance(failure, NotAuthenticated | NotPermitted)
    return failure.why


@pytest.mark.parametrize("issuer", [None, ISSUER + "/", ISSUER.upper(), [ISSUER], "https://evil.example"])
def test_the_issuer_is_the_one_that_is_trusted_letter_by_letter(issuer: object) -> None:
    assert why(iss=issuer) is NotTaken.ISSUER


@pytest.mark.parametrize("audience", [None, "other", ["other"], AUDIENCE + "x", {AUDIENCE: 1}, 7, []])
def test_a_token_for_another_audience_is_not_taken(audience: object) -> None:
    assert why(aud=audience) is NotTaken.AUDIENCE


def test_our_audience_may_be_one_of_several() -> None:
    assert read(aud=["account", AUDIENCE]).subject == "somebody"


@pytest.mark.parametrize("ends", [None, "soon", True, float("nan"), -1, [1]])
def test_a_token_that_does_not_say_when_it_ends_is_over(ends: object) -> None:
    assert why(exp=ends) is NotTaken.EXPIRED


def test_a_token_is_over_a_minute_after_its_end() -> None:
    assert read(exp=stamp(NOW - LEEWAY + SECOND)).ends_at == NOW - LEEWAY + SECOND
    assert why(exp=stamp(NOW - LEEWAY)) is NotTaken.EXPIRED


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_begins_a_minute_before_it_says_so(claim: str) -> None:
    assert read(**{claim: stamp(NOW + LEEWAY)}).subject == "somebody"
    assert why(**{claim: stamp(NOW + LEEWAY + SECOND)}) is NotTaken.NOT_YET
    assert why(**{claim: "now"}) is NotTaken.NOT_YET


def test_an_end_far_away_is_no_overflow() -> None:
    assert read(exp=10**30).ends_at.year == 9999


@pytest.mark.parametrize("subject", [None, "", 7, "x" * 256, "a\nb"])
def test_a_token_says_whose_it_is(subject: object) -> None:
    assert why(sub=subject) is NotTaken.SUBJECT


def test_a_subject_that_is_no_uuid_becomes_one_and_always_the_same() -> None:
    assert is_uuid(read(sub="auth0|5f7c").person.user_id)
    assert read(sub="auth0|5f7c").person == read(sub="auth0|5f7c").person
    assert read(sub="auth0|5f7c").person != read(sub="auth0|5f7d").person
    assert read(sub=OTHER.upper()).person.user_id == OTHER


def test_what_the_audit_log_calls_somebody_says_nothing_of_them() -> None:
    somebody = read(sub="somebody@example.com")
    assert somebody.principal.startswith("user_01")
    assert "somebody" not in somebody.principal
    assert somebody.principal == read(sub="somebody@example.com").principal != read(sub="another").principal


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"org_id": ORGANIZATION}, Named(id=ORGANIZATION)),
        ({"org_id": ORGANIZATION, "org_name": "acme"}, Named(id=ORGANIZATION, name="acme")),
        ({"org_id": [ORGANIZATION]}, Named(id=ORGANIZATION)),
        ({"org_id": None, "organization_id": ORGANIZATION}, Named(id=ORGANIZATION)),
        ({"org_id": ORGANIZATION, "organization_id": OTHER}, Named(id=ORGANIZATION)),
        ({"org_id": None, "organization": {"acme": {"id": ORGANIZATION}}}, Named(id=ORGANIZATION, name="acme")),
        ({"org_id": None}, None),
        ({"org_id": ""}, None),
        ({"org_id": 7}, None),
        ({"org_id": []}, None),
        ({"org_id": "x" * 256}, None),
        ({"org_id": 7, "organization_id": ORGANIZATION}, None),
        ({"org_id": None, "organization": "acme"}, None),
        ({"org_id": None, "organization": ["acme"]}, None),
        ({"org_id": None, "organization": {}}, None),
        ({"org_id": None, "organization": {"acme": {}}}, None),
        ({"org_id": None, "organization": {"acme": ORGANIZATION}}, None),
    ],
)
def test_the_first_claim_that_is_there_names_the_organization(claims: dict[str, Any], named: Named | None) -> None:
    assert read(**claims).organization == named


@pytest.mark.parametrize(
    "claims",
    [
        {"org_id": [ORGANIZATION, OTHER]},
        {"org_id": None, "organization_id": [ORGANIZATION, OTHER]},
        {"org_id": None, "organization": {"a": {"id": ORGANIZATION}, "b": {"id": OTHER}}},
        {"org_id": None, "organization": ["a", "b"]},
    ],
)
def test_a_token_of_two_organizations_acts_in_none(claims: dict[str, Any]) -> None:
    assert why(**claims) is NotTaken.ORGANIZATION_AMBIGUOUS


@pytest.mark.parametrize(
    ("claims", "is_admin"),
    [
        ({"roles": ["admin"]}, True),
        ({"roles": ["viewer", "owner"]}, True),
        ({"realm_access": {"roles": ["admin"]}}, True),
        ({"resource_access": {AUDIENCE: {"roles": ["owner"]}}}, True),
        ({"resource_access": {"realm-management": {"roles": ["admin"]}}}, False),
        ({"roles": ["viewer"]}, False),
        ({"roles": ["Admin", "administrator", "admin "]}, False),
        ({"roles": {"admin": True}}, False),
        ({"realm_access": ["admin"]}, False),
        ({"resource_access": {AUDIENCE: ["admin"]}}, False),
        ({"scope": "admin"}, False),
        ({}, False),
    ],
)
def test_a_role_counts_where_it_was_given_for_us(claims: dict[str, Any], is_admin: bool) -> None:
    assert read(**claims).is_admin is is_admin


def test_names_and_addresses_are_kept_where_they_fit() -> None:
    person = read(email="a@b.c", name="A B", preferred_username="ab").person
    assert (person.email, person.name) == ("a@b.c", "A B")
    assert read(preferred_username="ab").person.name == "ab"
    assert read(email="a\n@b.c", name="x" * 256).person.email is None
    assert read(email=7, name=["x"]).person.name is None
