import json
import re

import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import body

ISP = "RESIDENTIAL_ISP"
SESSION = re.compile(r"[0-9a-f]{10}\Z")


def identity(shown: dict[str, object]) -> tuple[object, object]:
    return shown["proxy_location"], shown["proxy_session_id"]


@covers("V093", "V094", "V095", "V099")
def test_a_location_brings_its_session(api: Api) -> None:
    location, session = identity(api.made(body(proxy_location=ISP)))
    assert location == ISP
    assert SESSION.match(str(session))
    assert identity(api.made(body(proxy_session_id=" mykey "))) == (ISP, "mykey")
    assert identity(api.made(body(proxy_location="US-CA", proxy_session_id="x"))) == ("US-CA", None)
    assert identity(api.made(body(proxy_location="", proxy_session_id=" "))) == (None, None)
    assert identity(api.made(body(rotate_proxy_session_id=True))) == (None, None)


@covers("V096", "V101")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (
            {"country": "us", "subdivision": "us-ca", "city": "LA", "isISP": True},
            {"country": "US", "subdivision": "CA", "city": "LA"},
        ),
        ({"country": "GB"}, {"country": "GB", "subdivision": None, "city": None}),
        (json.dumps({"country": "GB"}), {"country": "GB", "subdivision": None, "city": None}),
    ],
)
def test_a_target_has_one_spelling(api: Api, sent: object, shown: dict[str, object]) -> None:
    made = api.made(body(proxy_location=sent))
    assert identity(made) == (shown, None)
    assert api.get(f"{HERE}/{made['credential_id']}") == made


@covers("V097", "V098", "V100")
@pytest.mark.parametrize(
    ("sent", "place", "kind"),
    [
        ({"country": "CN"}, [], "value_error"),
        ({"country": "USA"}, ["country"], "string_too_long"),
        ({}, ["country"], "missing"),
        ({"city": "x"}, ["country"], "missing"),
        ({"country": "US", "city": "x" * 101}, ["city"], "string_too_long"),
        ({"url": "http://x"}, [], "value_error"),
        ("MARS", [], "enum"),
        ("us-ca", [], "enum"),
        (5, [], "enum"),
        (["US-CA"], [], "enum"),
        ("{", [], "json_invalid"),
    ],
)
def test_what_is_no_location_is_refused(api: Api, sent: object, place: list[str], kind: str) -> None:
    wanted = [(["body", "proxy_location", *place], kind)]
    assert api.problems("POST", HERE, body(proxy_location=sent)) == wanted
    id_ = api.made(body())["credential_id"]
    assert api.problems("PATCH", f"{HERE}/{id_}", {"proxy_location": sent}) == wanted


@covers("V080", "V102", "V103")
def test_a_change_keeps_rotates_and_clears(api: Api) -> None:
    here = f"{HERE}/{api.made(body(proxy_session_id='first'))['credential_id']}"
    assert identity(api.post(f"{here}/update", body())) == (ISP, "first")
    assert identity(api.patch(here, {"proxy_location": ISP})) == (ISP, "first")
    assert identity(api.patch(here, {"proxy_session_id": "second"})) == (ISP, "second")
    rotated = [identity(api.patch(here, {"rotate_proxy_session_id": True})) for _ in range(2)]
    assert {location for location, _ in rotated} == {ISP}
    assert len({session for _, session in rotated}) == 2
    assert identity(api.patch(here, {"proxy_session_id": None})) == (None, None)
    assert identity(api.post(f"{here}/update", body(rotate_proxy_session_id=True)))[0] == ISP
    assert identity(api.post(f"{here}/update", body(proxy_location="US-NY"))) == ("US-NY", None)
    assert identity(api.post(f"{here}/update", body(proxy_location=None))) == (None, None)


def test_pinning_an_address_brings_a_session_where_there_is_none(api: Api) -> None:
    here = f"{HERE}/{api.made(body())['credential_id']}"
    pinned = api.patch(here, {"pin_saved_session_ip": True})
    assert pinned["pin_saved_session_ip"] is True
    location, session = identity(pinned)
    assert location == ISP
    assert SESSION.match(str(session))
    assert identity(api.patch(here, {"pin_saved_session_ip": True})) == (ISP, session)
    assert api.patch(here, {"pin_saved_session_ip": False})["pin_saved_session_ip"] is False
    assert api.patch(here, {"pin_saved_session_ip": None})["pin_saved_session_ip"] is False
