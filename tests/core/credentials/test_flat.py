"""The flat form of logins, cards and secrets (contract skyvern-credentials 7.2, 7.3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.credentials.credit_card import ADDRESS_FIELDS
from strongroom.core.credentials.flat import MAX_METADATA, MAX_METADATA_VALUE, MAX_VALUE, from_flat, to_flat
from strongroom.core.credentials.password import PasswordDetails, TotpType
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret

PW: dict[str, Any] = {"type": "password", "username": "u@e.co", "password": "p", "totp_type": "none"}
CC: dict[str, Any] = {
    "type": "credit_card",
    "card_holder_name": "A B",
    "card_number": "4111111111111111",
    "card_exp_month": "12",
    "card_exp_year": "2030",
    "card_cvv": "123",
    "card_brand": "visa",
}
SE: dict[str, Any] = {"type": "secret", "secret_value": "sk"}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
kept_in_the_open = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
named = st.dictionaries(texts, texts, min_size=1, max_size=4)
addresses = st.dictionaries(st.sampled_from(ADDRESS_FIELDS), texts, min_size=1)
logins = st.fixed_dictionaries(
    {
        "type": st.just("password"),
        "username": kept_in_the_open,
        "password": texts,
        "totp_type": st.sampled_from([kind.value for kind in TotpType]),
    },
    optional={"totp": texts, "totp_identifier": kept_in_the_open, "metadata": named},
)
cards = st.fixed_dictionaries(
    dict.fromkeys(CC, texts) | {"type": st.just("credit_card"), "card_brand": kept_in_the_open},
    optional={"billing_address": addresses, "billing_email": texts, "billing_phone": texts, "metadata": named},
)
values = st.fixed_dictionaries(
    {"type": st.just("secret"), "secret_value": texts.filter(bool)}, optional={"secret_label": kept_in_the_open}
)


@given(logins | cards | values)
def test_what_was_written_reads_back_and_is_written_the_same(flat: dict[str, Any]) -> None:
    read = from_flat(flat)
    assert to_flat(*read) == flat
    assert from_flat(to_flat(*read)) == read


@pytest.mark.parametrize("flat", [PW, CC, SE])
def test_nulls_empty_objects_and_unknown_fields_are_as_good_as_absent(flat: dict[str, Any]) -> None:
    padded = flat | {
        "name": "n",
        "id": 7,
        "metadata": None,
        "totp": None,
        "totp_identifier": None,
        "secret_label": None,
        "billing_address": {"city": None, "planet": "x"},
        "billing_email": None,
    }
    assert to_flat(*from_flat(padded)) == flat
    assert to_flat(*from_flat(padded | {"metadata": {}, "billing_address": {}})) == flat


def test_a_type_of_second_factor_that_is_null_or_absent_is_none() -> None:
    for flat in (PW | {"totp_type": None}, {name: value for name, value in PW.items() if name != "totp_type"}):
        details, _ = from_flat(flat)
        assert isinstance(details, PasswordDetails)
        assert details.totp_type is TotpType.NONE


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "type"),
    (PW | {"type": "PASSWORD"}, "type"),
    (PW | {"type": None}, "type"),
    (PW | {"type": ["password"]}, "type"),
    *(({name: value for name, value in PW.items() if name != gone}, gone) for gone in ("username", "password")),
    *(({name: value for name, value in CC.items() if name != gone}, gone) for gone in CC if gone != "type"),
    ({"type": "secret"}, "secret_value"),
    (SE | {"secret_value": ""}, "secret_value"),
    (SE | {"secret_value": 4711}, "secret_value"),
    (SE | {"secret_label": 4711}, "secret_label"),
    (PW | {"password": None}, "password"),
    (PW | {"password": 4711}, "password"),
    (PW | {"password": "\ud800sentinel"}, "password"),
    (PW | {"username": {"sentinel": 1}}, "username"),
    (PW | {"username": "s" * (MAX_VALUE + 1)}, "username"),
    (PW | {"totp_type": "text_message"}, "totp_type"),
    (PW | {"totp_type": ["sentinel"]}, "totp_type"),
    (PW | {"totp": 4711}, "totp"),
    (PW | {"totp_identifier": 4711}, "totp_identifier"),
    (PW | {"metadata": "sentinel"}, "metadata"),
    (PW | {"metadata": ["sentinel"]}, "metadata"),
    (PW | {"metadata": {"sentinel": 4711}}, "metadata"),
    (PW | {"metadata": {"sentinel": None}}, "metadata"),
    (PW | {"metadata": {"sentinel": "s" * (MAX_METADATA_VALUE + 1)}}, "metadata"),
    (PW | {"metadata": {"sentinel" * 100: "v"}}, "metadata"),
    (PW | {"metadata": {"sentinel\ud800": "v"}}, "metadata"),
    (PW | {"metadata": {f"k{count}": "v" for count in range(MAX_METADATA + 1)}}, "metadata"),
    *((PW | {field: "\0sentinel"}, field) for field in ("username", "totp_identifier")),
    (CC | {"card_brand": "\0sentinel"}, "card_brand"),
    (SE | {"secret_label": "\0sentinel"}, "secret_label"),
    (CC | {"card_exp_month": 12}, "card_exp_month"),
    (CC | {"billing_address": "sentinel"}, "billing_address"),
    (CC | {"billing_address": {"city": 4711}}, "billing_address"),
    (CC | {"billing_phone": 4711}, "billing_phone"),
]


@pytest.mark.parametrize(("flat", "field"), WRONG)
def test_what_is_wrong_is_named_and_not_quoted(flat: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        from_flat(flat)
    assert raised.value.field == field
    assert "sentinel" not in str(raised.value)
    assert "4711" not in str(raised.value)


def test_kinds_that_nobody_types_have_no_flat_form() -> None:
    with pytest.raises(Invalid, match="static_bearer"):
        to_flat(StaticBearerDetails(mcp_server_url="https://mcp.example"), StaticBearer(token=Secret("sentinel")))
