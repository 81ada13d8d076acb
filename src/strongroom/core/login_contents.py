"""What a caller sends of a login, a card or a secret, and what becomes of what is stored already.

Rules kept here (contract skyvern-credentials 5.2 and 5.3):
- what is required is replaced; optional parts that are not sent stay, and null takes them away;
- of an address the parts that are sent are replaced, the others stay;
- of another kind's optional parts nothing is carried over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, final

from strongroom.core.credentials import Credential, Details, Material
from strongroom.core.credentials.changes import Changed
from strongroom.core.credentials.credit_card import CreditCard, CreditCardDetails
from strongroom.core.credentials.password import Password, PasswordDetails, TotpType
from strongroom.core.credentials.secret import SecretValue, SecretValueDetails
from strongroom.core.keeping import KEEP, Keep
from strongroom.core.secret import Secret
from strongroom.core.surfaces import Surface

T = TypeVar("T")

Texts = Mapping[str, Secret]
_BOTH = frozenset({Surface.HEADER, Surface.BODY})


class Contents(Protocol):
    """What was sent of one kind."""

    @property
    def surfaces(self) -> frozenset[Surface]:
        """On which surfaces placeholders for it are replaced."""

    def beside(self, before: Material | None) -> tuple[Details, Material]:
        """Return description and material; `before` is what is stored, if anything is."""


def applied(contents: Contents, credential: Credential, before: Material | None) -> Changed:
    """Return a credential and its material after these contents took the place of what is stored."""
    details, material = contents.beside(before)
    surfaces = credential.surfaces if details.tag == credential.kind else contents.surfaces
    return replace(credential, details=details, surfaces=surfaces), material


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordContents:
    """A login. Its second factor is as it is sent; its key stays unless it is sent."""

    username: str
    password: Secret
    totp_type: TotpType = TotpType.NONE
    totp_identifier: str | None = None
    totp: Secret | Keep | None = KEEP
    metadata: Texts | Keep | None = KEEP

    @property
    def surfaces(self) -> frozenset[Surface]:
        """Forms, and Basic authorization."""
        return _BOTH

    def beside(self, before: Material | None) -> tuple[PasswordDetails, Password]:
        """Return description and material."""
        old = before if isinstance(before, Password) else None
        material = Password(
            password=self.password,
            totp=_kept(self.totp, None if old is None else old.totp),
            metadata=_texts(self.metadata, {} if old is None else old.metadata),
        )
        described = PasswordDetails.of(
            material, username=self.username, totp_type=self.totp_type, totp_identifier=self.totp_identifier
        )
        return described, material


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CardContents:
    """A card. A part of the address that is sent as None is taken away."""

    number: Secret
    cvv: Secret
    exp_month: Secret
    exp_year: Secret
    holder_name: Secret
    brand: str
    billing_address: Mapping[str, Secret | None] | Keep | None = KEEP
    billing_email: Secret | Keep | None = KEEP
    billing_phone: Secret | Keep | None = KEEP
    metadata: Texts | Keep | None = KEEP

    @property
    def surfaces(self) -> frozenset[Surface]:
        """Forms."""
        return frozenset({Surface.BODY})

    def beside(self, before: Material | None) -> tuple[CreditCardDetails, CreditCard]:
        """Return description and material."""
        old = before if isinstance(before, CreditCard) else None
        material = CreditCard(
            number=self.number,
            cvv=self.cvv,
            exp_month=self.exp_month,
            exp_year=self.exp_year,
            holder_name=self.holder_name,
            billing_address=self._address({} if old is None else old.billing_address),
            billing_email=_kept(self.billing_email, None if old is None else old.billing_email),
            billing_phone=_kept(self.billing_phone, None if old is None else old.billing_phone),
            metadata=_texts(self.metadata, {} if old is None else old.metadata),
        )
        return CreditCardDetails.of(material, brand=self.brand), material

    def _address(self, before: Texts) -> Texts:
        if self.billing_address is KEEP:
            return before
        if not self.billing_address:
            return {}
        return {part: text for part, text in {**before, **self.billing_address}.items() if text is not None}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SecretContents:
    """Any other text. Its label is as it is sent."""

    value: Secret
    label: str | None = None

    @property
    def surfaces(self) -> frozenset[Surface]:
        """Headers and bodies."""
        return _BOTH

    def beside(self, before: Material | None) -> tuple[SecretValueDetails, SecretValue]:  # noqa: ARG002 - nothing is kept
        """Return description and material."""
        return SecretValueDetails(label=self.label), SecretValue(value=self.value)


def _kept(sent: T | Keep, stored: T) -> T:
    return stored if sent is KEEP else sent


def _texts(sent: Texts | Keep | None, stored: Texts) -> Texts:
    return stored if sent is KEEP else sent or {}
