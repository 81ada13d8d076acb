"""How logins, cards and secrets look on this wire: one flat object going in, a description coming out."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.core.credentials import Credential
from strongroom.core.credentials.credential import MAX_HOSTS
from strongroom.core.credentials.credit_card import ADDRESS_FIELDS, CreditCardDetails
from strongroom.core.credentials.password import PasswordDetails, TotpType
from strongroom.core.credentials.secret import SecretValueDetails
from strongroom.core.custodians import NAMES
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface
from strongroom.core.vaults import MAX_NAME
from strongroom.dialects.native.credentials import CredentialAnswer, shown
from strongroom.dialects.native.shapes import Answer, Asked, Metadata, Text
from strongroom.dialects.validation import OURS

_MAX_URL = 2048
_TEXT = {"type": "string", "writeOnly": True}
_LOGIN = {
    "type": "object",
    "title": "Login",
    "properties": {
        "type": {"const": "password"},
        "username": {"type": "string"},
        "password": _TEXT,
        "totp": _TEXT | {"description": "The key of its one-time codes: Base32 or an otpauth URI."},
        "totp_type": {"enum": [kind.value for kind in TotpType]},
        "totp_identifier": {"type": "string"},
        "metadata": {"type": "object", "additionalProperties": _TEXT},
    },
    "required": ["type", "username", "password"],
}
_CARD_FIELDS = ("card_holder_name", "card_number", "card_exp_month", "card_exp_year", "card_cvv")
_CARD = {
    "type": "object",
    "title": "Card",
    "properties": {
        "type": {"const": "credit_card"},
        **dict.fromkeys(_CARD_FIELDS, _TEXT),
        "card_brand": {"type": "string"},
        "billing_address": {"type": "object", "properties": dict.fromkeys(ADDRESS_FIELDS, _TEXT)},
        "billing_email": _TEXT,
        "billing_phone": _TEXT,
        "metadata": {"type": "object", "additionalProperties": _TEXT},
    },
    "required": ["type", *_CARD_FIELDS, "card_brand"],
}
_SECRET = {
    "type": "object",
    "title": "Secret",
    "properties": {
        "type": {"const": "secret"},
        "secret_value": _TEXT | {"minLength": 1},
        "secret_label": {"type": "string"},
    },
    "required": ["type", "secret_value"],
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class SecretObject:
    """`Annotated[Secret, SecretObject(schema)]`: an object that is secret from the parse on, as its JSON text.

    What it must look like is said to readers; whoever takes the text apart says what is wrong with it.
    """

    described: JsonSchemaValue

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        """How it is read."""
        return core_schema.no_info_plain_validator_function(_read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """How it is described."""
        return dict(self.described)


def _read(given: object) -> Secret:
    if not isinstance(given, dict):
        raise PydanticCustomError(OURS, "{rule}", {"rule": "must be an object"})
    return Secret(json.dumps(given))


def _known(name: str) -> str:
    if name not in NAMES:
        raise PydanticCustomError(OURS, "{rule}", {"rule": f"must be one of {', '.join(NAMES)}"})
    return name


Fields = Annotated[Secret, SecretObject({"oneOf": [_LOGIN, _CARD, _SECRET]})]
SomeFields = Annotated[
    Secret,
    SecretObject(
        {"type": "object", "description": "Fields of the credential's own kind to replace; null takes one away."}
    ),
]
Hosts = Annotated[list[Text], Field(max_length=MAX_HOSTS)]
SiteUrl = Annotated[Text, Field(min_length=1, max_length=_MAX_URL)]
CustodianName = Annotated[Text, AfterValidator(_known), Field(json_schema_extra={"enum": list(NAMES)})]
Surfaces = Annotated[list[Annotated[Surface, Field(strict=False)]], Field(min_length=1)]


class NewLoginBody(Asked):
    """A login, a card or a secret. Without a site and hosts it goes nowhere."""

    credential: Fields
    site: SiteUrl | None = Field(
        None, description="A URL of the site that it is for. It goes there and to no other scheme, host or port."
    )
    hosts: Hosts | None = Field(None, description="Where else it may go, in place of a site.")
    surfaces: Surfaces | None = Field(
        None,
        description="Where in a request its placeholders are replaced. Without it: headers and bodies; for a card, "
        "bodies alone.",
    )
    custodian: CustodianName | None = Field(None, description="Who keeps it. Without it, as the server is set up.")
    display_name: Annotated[Text, Field(min_length=1, max_length=MAX_NAME)]
    metadata: Metadata | None = None


class LoginChangeBody(Asked):
    """What is to be replaced. What is not named stays."""

    credential: SomeFields | None = None
    site: SiteUrl | None = None
    hosts: Hosts | None = None
    display_name: Annotated[Text, Field(min_length=1, max_length=MAX_NAME)] | None = None


class LoginAnswer(CredentialAnswer):
    """What a login, a card or a secret is. Of its fields, the names of those that are secret."""

    fields: list[str]
    username: str | None = None
    totp_type: TotpType | None = None
    totp_identifier: str | None = None
    has_totp: bool | None = None
    last_four: str | None = None
    brand: str | None = None
    label: str | None = None
    custodian: str


class LoginPage(Answer):
    """A page, newest first."""

    data: list[LoginAnswer]
    next_page: str | None


def shown_login(credential: Credential) -> LoginAnswer:
    """Return a credential of these kinds as it is shown."""
    common = shown(credential).model_dump() | {"custodian": credential.custodian}
    match credential.details:
        case PasswordDetails() as login:
            return LoginAnswer(
                **common,
                fields=list(login.fields),
                username=login.username,
                totp_type=login.totp_type,
                totp_identifier=login.totp_identifier,
                has_totp=login.has_totp,
            )
        case CreditCardDetails() as card:
            return LoginAnswer(**common, fields=list(card.fields), last_four=card.last_four, brand=card.brand)
        case SecretValueDetails() as secret:
            return LoginAnswer(**common, fields=list(secret.fields), label=secret.label)
        case _:
            raise TypeError(f"a credential of the kind {credential.kind} is none of these")
