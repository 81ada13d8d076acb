"""What logins, cards and secrets are made of, field by field (contract skyvern-credentials 8.1)."""

from strongroom.core.credentials import KINDS
from strongroom.core.credentials.credit_card import CreditCard, CreditCardDetails
from strongroom.core.credentials.password import Password, PasswordDetails
from strongroom.core.credentials.secret import SecretValue, SecretValueDetails
from strongroom.core.credentials.static_bearer import StaticBearer, StaticBearerDetails
from strongroom.core.secret import Secret
from strongroom.core.totp_keys import TotpKey

KEY = "JBSWY3DPEHPK3PXP"


def test_a_login_has_its_names_texts_and_the_key_of_its_codes() -> None:
    login = Password(password=Secret("p"), totp=Secret(KEY), metadata={"Security Question 1": Secret("cat")})
    details = PasswordDetails.of(login, username="me@example.com")
    assert KINDS["password"].fields(details, login) == {
        "username": Secret("me@example.com"),
        "password": Secret("p"),
        "totp": TotpKey(secret=Secret(KEY)),
        "metadata_security_question_1": Secret("cat"),
    }
    assert details.fields == ("username", "password", "totp", "metadata_security_question_1")
    assert details.has_totp


def test_what_is_empty_is_no_field() -> None:
    login = Password(password=Secret(""), totp=Secret(""), metadata={"pin": Secret("")})
    details = PasswordDetails.of(login, username="")
    assert KINDS["password"].fields(details, login) == {}
    assert not details.has_totp


def test_a_key_that_gives_no_codes_is_stored_and_is_no_field() -> None:
    login = Password(password=Secret("p"), totp=Secret("!!!"))
    details = PasswordDetails.of(login, username="u")
    assert details.has_totp
    assert details.fields == ("username", "password")


def test_fields_whose_names_come_out_alike_are_numbered() -> None:
    login = Password(
        password=Secret("p"),
        metadata={"A b": Secret("1"), "a-b": Secret("2"), "A_B": Secret("3"), "é": Secret("4"), "a_b_2": Secret("5")},
    )
    details = PasswordDetails.of(login, username="u")
    assert details.fields[2:] == ("metadata_a_b", "metadata_a_b_2", "metadata_a_b_3", "metadata__", "metadata_a_b_2_2")


def test_a_card_has_everything_but_its_brand() -> None:
    card = CreditCard(
        number=Secret("4111111111111111"),
        cvv=Secret("123"),
        exp_month=Secret("12"),
        exp_year=Secret("2030"),
        holder_name=Secret("A B"),
        billing_address={"city": Secret("Ulm")},
        billing_email=Secret("a@b.example"),
        metadata={"pin": Secret("9876")},
    )
    details = CreditCardDetails.of(card, brand="visa")
    assert details.last_four == "1111"
    assert KINDS["credit_card"].fields(details, card) == {
        "card_number": Secret("4111111111111111"),
        "card_cvv": Secret("123"),
        "card_exp_month": Secret("12"),
        "card_exp_year": Secret("2030"),
        "card_holder_name": Secret("A B"),
        "billing_address_city": Secret("Ulm"),
        "billing_email": Secret("a@b.example"),
        "metadata_pin": Secret("9876"),
    }
    assert details.fields == tuple(KINDS["credit_card"].fields(details, card))


def test_a_card_with_a_short_number_shows_no_more_than_it_has() -> None:
    short = Secret("12")
    card = CreditCard(number=short, cvv=short, exp_month=short, exp_year=short, holder_name=short)
    assert CreditCardDetails.of(card, brand="b").last_four == "12"


def test_a_secret_has_one_field_and_kinds_that_are_not_typed_have_none() -> None:
    details = SecretValueDetails(label="l")
    assert KINDS["secret"].fields(details, SecretValue(value=Secret("v"))) == {"secret_value": Secret("v")}
    assert details.fields == ("secret_value",)
    server = StaticBearerDetails(mcp_server_url="https://mcp.example")
    assert KINDS["static_bearer"].fields(server, StaticBearer(token=Secret("t"))) == {}
