"""What Skyvern sends to store an item, and what it gets back (contract skyvern-credentials 7.2, 7.3).

Both are the flat form that `core/credentials/flat.py` reads and writes, and a name. The schemas here describe it.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, WithJsonSchema

from strongroom.core.credentials import Credential, Material, NewCredential
from strongroom.core.credentials.credential import OURS
from strongroom.core.credentials.credit_card import ADDRESS_FIELDS
from strongroom.core.credentials.flat import from_flat, to_flat
from strongroom.core.credentials.password import TotpType
from strongroom.core.failures import Invalid
from strongroom.core.texts import well_formed

MAX_NAME = 512
Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"anyOf": [_TEXT, {"type": "null"}]}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
_NAME: Schema = {"type": "string", "maxLength": MAX_NAME}


def _shape(tag: str, required: Schema, optional: Schema) -> Schema:
    fields = {"type": {"type": "string", "const": tag}, "name": _NAME, **required, **optional}
    return {"type": "object", "title": tag, "required": ["type", *required], "properties": fields}


SHAPES: Schema = {
    "oneOf": [
        _shape(
            "password",
            {"username": _TEXT, "password": _TEXT},
            {
                "totp": _MAYBE,
                "totp_type": {"type": "string", "enum": [each.value for each in TotpType]},
                "metadata": _TEXTS,
            },
        ),
        _shape(
            "credit_card",
            {
                "card_holder_name": _TEXT,
                "card_number": _TEXT,
                "card_exp_month": _TEXT,
                "card_exp_year": _TEXT,
                "card_cvv": _TEXT,
                "card_brand": _TEXT,
            },
            {
                "billing_address": {"type": "object", "properties": dict.fromkeys(ADDRESS_FIELDS, _MAYBE)},
                "billing_email": _MAYBE,
                "billing_phone": _MAYBE,
                "metadata": _TEXTS,
            },
        ),
        _shape("secret", {"secret_value": {"type": "string", "minLength": 1}}, {"secret_label": _MAYBE}),
    ]
}

ItemBody = Annotated[dict[str, Any], Body(), WithJsonSchema(SHAPES)]


class Stored(BaseModel):
    """A fresh item."""

    id: str


class Status(BaseModel):
    """The answer to a test of the connection."""

    status: str = "ok"


def read_item(body: Mapping[str, Any]) -> NewCredential:
    """Read an item to store. Raises `Invalid` that names the field. Without hosts, it is for the provider alone."""
    name = body.get("name", "")
    if not isinstance(name, str):
        raise Invalid("must be a text", field="name")
    if len(name) > MAX_NAME:
        raise Invalid(f"must have at most {MAX_NAME} characters", field="name")
    if not well_formed(name) or "\0" in name:
        raise Invalid("must be valid Unicode without NUL", field="name")
    details, material = from_flat(body)
    return NewCredential(
        details=details, material=material, display_name=name or None, metadata={}, custodian=OURS
    )  # who asks us to keep it must not be asked in turn


def write_item(credential: Credential, material: Material) -> dict[str, Any]:
    """Return an item with all its secrets, for the one who may read it."""
    return {"name": credential.display_name or ""} | to_flat(credential.details, material)
