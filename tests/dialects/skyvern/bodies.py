"""The credentials of the cases, and bodies made of them."""

from typing import Any

S32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PW = {"username": "u@e.co", "password": "p"}
CC = {
    "card_number": "4111111111111111",
    "card_cvv": "123",
    "card_exp_month": "12",
    "card_exp_year": "2031",
    "card_brand": "visa",
    "card_holder_name": "A B",
}
SE = {"secret_value": "sk", "secret_label": "lab"}
KEYS = [
    "credential_id",
    "credential",
    "credential_type",
    "name",
    "vault_type",
    "browser_profile_id",
    "auto_profile_disabled",
    "pin_saved_session_ip",
    "tested_url",
    "user_context",
    "save_browser_session_intent",
    "run_sequentially",
    "folder_id",
    "proxy_location",
    "proxy_session_id",
]
"""What a credential shows."""


def body(**overrides: object) -> dict[str, Any]:
    """A password, with other fields."""
    return {"name": "n", "credential_type": "password", "credential": PW} | overrides


def password(**fields: object) -> dict[str, Any]:
    return body(credential=PW | fields)


def card(**fields: object) -> dict[str, Any]:
    return body(credential_type="credit_card", credential=CC | fields)


def secret(**fields: object) -> dict[str, Any]:
    return body(credential_type="secret", credential=SE | fields)


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
