"""A payment card, with its billing address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.named_fields import METADATA, Field, named, nested, variables_of
from strongroom.core.ids import LOGIN
from strongroom.core.secret import Secret

ADDRESS_FIELDS = ("line1", "line2", "city", "state", "state_code", "postal_code", "country", "country_code")
"""What an address may be made of (contract skyvern-credentials 3.3)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCardDetails:
    """What is printed on every receipt. Made by `of`, so that it says what the material has."""

    tag: ClassVar[str] = "credit_card"
    last_four: str
    brand: str
    fields: tuple[str, ...] = ()
    """The names of the fields that placeholders may stand for; names are not secret."""

    @classmethod
    def of(cls, material: "CreditCard", *, brand: str) -> "CreditCardDetails":
        """Return the description of a card."""
        return cls(last_four=material.last_four(), brand=brand, fields=tuple(_fields(material)))

    def unique_key(self) -> None:
        """Any number of cards may look the same."""

    def variables(self, named: str, /) -> Mapping[str, str]:
        """One for each field."""
        return variables_of(named, self.fields)

    def server(self) -> None:
        """Never added to requests by itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCard:
    """All that is asked for where one pays."""

    tag: ClassVar[str] = "credit_card"
    number: Secret
    cvv: Secret
    exp_month: Secret
    exp_year: Secret
    holder_name: Secret
    billing_address: Mapping[str, Secret] = field(default_factory=dict)
    """By the names of `ADDRESS_FIELDS`; what is not known is left out."""
    billing_email: Secret | None = None
    billing_phone: Secret | None = None
    metadata: Mapping[str, Secret] = field(default_factory=dict)

    def last_four(self) -> str:
        """Return what cards are told apart by: the last four characters of the number, which are no secret."""
        return self.number.reveal()[-4:]

    def stand_in(self) -> None:
        """It has several fields, none of which is all of it."""

    def bearer(self) -> None:
        """Never sent by itself."""

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing."""
        return {}


def fields_of(details: CreditCardDetails, material: CreditCard) -> Mapping[str, Field]:  # noqa: ARG001 - as every kind's
    """Return the fields by name. The brand is none of them: it is shown to anyone who may see the card."""
    return _fields(material)


def _fields(material: CreditCard) -> Mapping[str, Field]:
    return named(
        (
            ("card_number", material.number),
            ("card_cvv", material.cvv),
            ("card_exp_month", material.exp_month),
            ("card_exp_year", material.exp_year),
            ("card_holder_name", material.holder_name),
            *nested("billing_address", material.billing_address),
            ("billing_email", material.billing_email),
            ("billing_phone", material.billing_phone),
            *nested(METADATA, material.metadata),
        )
    )


CREDIT_CARD = Kind(tag=CreditCard.tag, details=CreditCardDetails, material=CreditCard, fields=fields_of, ids=LOGIN)
