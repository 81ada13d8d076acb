"""Logins, cards and secrets as one flat JSON object, and back (contract skyvern-credentials 6.2, 7.2, 7.3).

External custodians keep this form and a custom credential service speaks it. What is absent is left out, never null.
Reading passes over fields it does not know; of those it knows, it names the one that is wrong and never its value.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Never

from strongroom.core.credentials.base import Details, Material
from strongroom.core.credentials.credit_card import ADDRESS_FIELDS, CreditCard, CreditCardDetails
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.credentials.secret import SecretValue, SecretValueDetails
from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret
from strongroom.core.texts import well_formed

_TOTP_TYPES = tuple(kind.value for kind in TotpType)

MAX_VALUE = 64 * 1024
MAX_METADATA = 50
MAX_METADATA_KEY = 255
MAX_METADATA_VALUE = 4 * 1024
"""The caps of contract skyvern-credentials section 10, in characters."""

FLAT: Final = frozenset({Password.tag, CreditCard.tag, SecretValue.tag})
"""The kinds that have this form, and so may be kept elsewhere."""

Flat = Mapping[str, Any]
_Read = tuple[Details, Material]


def to_flat(details: Details, material: Material) -> dict[str, Any]:
    """Return a credential of these kinds with all its secrets in clear: for a custodian, or for its owner."""
    match details, material:
        case PasswordDetails(), Password():
            written = {
                "username": details.username,
                "password": material.password,
                "totp": material.totp,
                "totp_type": details.totp_type.value,
                "totp_identifier": details.totp_identifier,
                "metadata": material.metadata,
            }
        case CreditCardDetails(), CreditCard():
            written = {
                "card_holder_name": material.holder_name,
                "card_number": material.number,
                "card_exp_month": material.exp_month,
                "card_exp_year": material.exp_year,
                "card_cvv": material.cvv,
                "card_brand": details.brand,
                "billing_address": material.billing_address,
                "billing_email": material.billing_email,
                "billing_phone": material.billing_phone,
                "metadata": material.metadata,
            }
        case SecretValueDetails(), SecretValue():
            written = {"secret_value": material.value, "secret_label": details.label}
        case _:
            raise Invalid(f"a credential of the kind {material.tag} has no flat form")
    return {"type": material.tag} | {name: _shown(value) for name, value in written.items() if value not in (None, {})}


def from_flat(flat: Flat) -> tuple[Details, Material]:
    """Read a credential. Raises `Invalid` that names the field."""
    tag = flat.get("type")
    read = _READERS.get(tag) if isinstance(tag, str) else None
    if read is None:
        _refuse("type", f"must be one of {', '.join(_READERS)}")
    return read(flat)


def from_flat_text(text: Secret) -> tuple[Details, Material]:
    """Read a credential from the text of its JSON object. Raises `Invalid`."""
    return from_flat(_parsed(text))


def changed_flat(details: Details, material: Material, change: Secret) -> tuple[Details, Material]:
    """Return a credential with some of its fields replaced, by the text of a JSON object; null takes a field away.

    Raises `Invalid` for what is none, for fields that the kind does not have, and for another type.
    """
    known, given = to_flat(details, material), _parsed(change)
    for name in given:
        if name not in _FIELDS[material.tag]:
            _refuse(name if well_formed(name) else "", "is no field of this kind")
    return from_flat({**known, **given})


def _parsed(text: Secret) -> Flat:
    try:
        read = json.loads(text.reveal())
    except ValueError:
        raise Invalid("must be a JSON object") from None
    if not isinstance(read, dict):
        raise Invalid("must be a JSON object")
    return read


def _password(flat: Flat) -> _Read:
    material = Password(password=_required(flat, "password"), totp=_secret(flat, "totp"), metadata=_metadata(flat))
    kind = flat.get("totp_type")
    if kind is not None and kind not in _TOTP_TYPES:
        _refuse("totp_type", f"must be one of {', '.join(_TOTP_TYPES)}")
    details = PasswordDetails.of(
        material,
        username=_open(flat.get("username"), "username"),
        totp_type=TotpType.NONE if kind is None else TotpType(kind),
        totp_identifier=_plain(flat, "totp_identifier"),
    )
    return details, material


def _credit_card(flat: Flat) -> _Read:
    material = CreditCard(
        number=_required(flat, "card_number"),
        cvv=_required(flat, "card_cvv"),
        exp_month=_required(flat, "card_exp_month"),
        exp_year=_required(flat, "card_exp_year"),
        holder_name=_required(flat, "card_holder_name"),
        billing_address=_address(flat),
        billing_email=_secret(flat, "billing_email"),
        billing_phone=_secret(flat, "billing_phone"),
        metadata=_metadata(flat),
    )
    return CreditCardDetails.of(material, brand=_open(flat.get("card_brand"), "card_brand")), material


def _secret_value(flat: Flat) -> _Read:
    if flat.get("secret_value") == "":
        _refuse("secret_value", "must not be empty")
    return SecretValueDetails(label=_plain(flat, "secret_label")), SecretValue(value=_required(flat, "secret_value"))


_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    Password.tag: frozenset({"username", "password", "totp", "totp_type", "totp_identifier", "metadata"}),
    CreditCard.tag: frozenset(
        {
            "card_holder_name",
            "card_number",
            "card_exp_month",
            "card_exp_year",
            "card_cvv",
            "card_brand",
            "billing_address",
            "billing_email",
            "billing_phone",
            "metadata",
        }
    ),
    SecretValue.tag: frozenset({"secret_value", "secret_label"}),
}
_READERS: Final[Mapping[str, Callable[[Flat], _Read]]] = {
    Password.tag: _password,
    CreditCard.tag: _credit_card,
    SecretValue.tag: _secret_value,
}


def _address(flat: Flat) -> Mapping[str, Secret]:
    address = _object(flat, "billing_address")
    known = {name: address[name] for name in ADDRESS_FIELDS if address.get(name) is not None}
    return _secrets("billing_address", known, MAX_VALUE)


def _metadata(flat: Flat) -> Mapping[str, Secret]:
    given = _object(flat, "metadata")
    if len(given) > MAX_METADATA:
        _refuse("metadata", f"must have at most {MAX_METADATA} keys")
    for name in given:
        if len(name) > MAX_METADATA_KEY or not well_formed(name):
            _refuse("metadata", f"must have keys of at most {MAX_METADATA_KEY} characters of valid Unicode")
    return _secrets("metadata", given, MAX_METADATA_VALUE)


def _secrets(field: str, given: Flat, most: int) -> Mapping[str, Secret]:
    """Read texts by name. Names are the caller's, so refusals do not repeat them."""
    if not all(isinstance(value, str) for value in given.values()):
        _refuse(field, "must have texts as its values")
    return {name: Secret(_text(value, field, most)) for name, value in given.items()}


def _object(flat: Flat, field: str) -> Mapping[str, Any]:
    value = flat.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        _refuse(field, "must be an object")
    return value


def _required(flat: Flat, field: str) -> Secret:
    return Secret(_text(flat.get(field), field))


def _secret(flat: Flat, field: str) -> Secret | None:
    return None if flat.get(field) is None else _required(flat, field)


def _plain(flat: Flat, field: str) -> str | None:
    return None if flat.get(field) is None else _open(flat.get(field), field)


def _open(value: object, field: str) -> str:
    """Read a text that is kept in the open: not every database can keep a NUL there."""
    text = _text(value, field)
    if "\0" in text:
        _refuse(field, "must not contain NUL")
    return text


def _text(value: object, field: str, most: int = MAX_VALUE) -> str:
    if value is None:
        _refuse(field, "is required")  # null is as good as absent
    if not isinstance(value, str):
        _refuse(field, "must be a text")
    if len(value) > most:
        _refuse(field, f"must have at most {most} characters")
    if not well_formed(value):
        _refuse(field, "must be valid Unicode")
    return value


def _shown(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {name: _shown(each) for name, each in value.items()}
    return value.reveal() if isinstance(value, Secret) else value


def _refuse(field: str, rule: str) -> Never:
    raise Invalid(rule, field=field)
