"""What clients send of credentials (contract skyvern-credentials 3). Secrets are `Secret`s from the parse on.

Of the three shapes the one that `credential_type` names is read, and no other.
"""

from enum import StrEnum
from typing import Annotated, Any, final

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from strongroom.core.credentials.flat import MAX_METADATA, MAX_METADATA_KEY, MAX_METADATA_VALUE
from strongroom.core.credentials.password import TotpType
from strongroom.core.secret import Secret
from strongroom.dialects.skyvern.hidden import Hidden
from strongroom.dialects.skyvern.wire import MAX_LONG, Context, Model, Session, ShortText, Text, Url, refused
from strongroom.dialects.skyvern.wire_locations import ProxyLocation

Whole = Annotated[Secret, Hidden(most=MAX_LONG)]
Part = Annotated[Secret, Hidden(most=MAX_METADATA_VALUE)]
Optional = Annotated[Secret, Hidden(most=MAX_METADATA_VALUE, least=0)]
Metadata = Annotated[
    dict[Annotated[Text, Field(max_length=MAX_METADATA_KEY)], Optional], Field(max_length=MAX_METADATA)
]


class CredentialType(StrEnum):
    """The kinds that this dialect speaks of."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    CREDIT_CARD = "credit_card"
    SECRET = "secret"  # noqa: S105 - likewise


class VaultType(StrEnum):
    """Who keeps the secret."""

    BITWARDEN = "bitwarden"
    AZURE_VAULT = "azure_vault"
    GCP = "gcp"
    CUSTOM = "custom"
    SKYVERN = "skyvern"


class PasswordBody(Model):
    """A website login."""

    username: Annotated[Text, Field(min_length=1, max_length=MAX_LONG)]
    password: Whole
    totp: Annotated[Secret, Hidden(most=MAX_LONG, least=0)] | None = None
    totp_type: Annotated[TotpType, BeforeValidator(lambda sent: TotpType.NONE if sent is None else sent)] = (
        TotpType.NONE
    )
    totp_identifier: ShortText | None = None
    metadata: Metadata | None = None


class BillingAddressBody(Model):
    """Where a card's bills go."""

    line1: Optional | None = None
    line2: Optional | None = None
    city: Optional | None = None
    state: Optional | None = None
    state_code: Optional | None = None
    postal_code: Optional | None = None
    country: Optional | None = None
    country_code: Optional | None = None


class CreditCardBody(Model):
    """A payment card. Its digits are taken as they are."""

    card_number: Part
    card_cvv: Part
    card_exp_month: Part
    card_exp_year: Part
    card_brand: Annotated[ShortText, Field(min_length=1)]
    card_holder_name: Part
    billing_address: BillingAddressBody | None = None
    billing_email: Optional | None = None
    billing_phone: Optional | None = None
    metadata: Metadata | None = None


class SecretBody(Model):
    """Any other secret text."""

    secret_value: Whole
    secret_label: ShortText | None = None


Body = PasswordBody | CreditCardBody | SecretBody
_BODIES: dict[CredentialType, type[Body]] = {
    CredentialType.PASSWORD: PasswordBody,
    CredentialType.CREDIT_CARD: CreditCardBody,
    CredentialType.SECRET: SecretBody,
}
_MARKS = {
    kind: {name for name, field in body.model_fields.items() if field.is_required()} for kind, body in _BODIES.items()
}
"""By which fields a shape is told."""


class CreateCredentialRequest(Model):
    """A credential to store, or what takes the place of one."""

    name: ShortText
    credential_type: CredentialType
    credential: Body
    vault_type: VaultType | None = None
    proxy_location: ProxyLocation = None
    proxy_session_id: Session = None
    rotate_proxy_session_id: bool = False
    tested_url: Url | None = None
    browser_profile_id: Text | None = None
    auto_profile_disabled: bool = False
    pin_saved_session_ip: bool = False

    @field_validator("credential", mode="wrap")
    @classmethod
    def _of_its_type(cls, sent: Any, _read: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - pydantic's
        kind = info.data.get("credential_type")
        if kind is None:  # that is refused, and nothing can be said of the rest
            return None
        if isinstance(sent, dict):
            shapes = {each for each, marks in _MARKS.items() if marks & sent.keys()}
            if shapes and kind not in shapes:
                raise refused("must have the fields of the credential_type")
        return _BODIES[kind].model_validate(sent)


@final
class UpdateCredentialRequest(Model):
    """A change to what is kept beside a credential. Its secret is not touched."""

    name: Annotated[ShortText, Field(min_length=1)] | None = None
    tested_url: Url | None = None
    user_context: Context = None
    save_browser_session_intent: bool | None = None
    auto_profile_disabled: bool | None = None
    run_sequentially: bool | None = None
    proxy_location: ProxyLocation = None
    proxy_session_id: Session = None
    rotate_proxy_session_id: bool = False
    browser_profile_id: Text | None = None
    pin_saved_session_ip: bool | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _not_empty(
        cls,
        sent: Any,  # noqa: ANN401 - pydantic's
        read: ModelWrapValidatorHandler["UpdateCredentialRequest"],
    ) -> "UpdateCredentialRequest":
        made = read(sent)
        if not made.model_fields_set:
            raise refused("must change at least one field")
        return made
