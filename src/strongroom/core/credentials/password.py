"""A website login, with the key of its one-time codes where it has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.named_fields import METADATA, USERNAME, Field, named, nested, variables_of
from strongroom.core.failures import Invalid
from strongroom.core.ids import LOGIN
from strongroom.core.secret import Secret
from strongroom.core.totp_keys import TotpKey, normalized, parsed

TOTP = "totp"


class TotpType(StrEnum):
    """How the site asks for a second factor (contract skyvern-credentials 3.2)."""

    AUTHENTICATOR = "authenticator"
    EMAIL = "email"
    TEXT = "text"
    PASSKEY = "passkey"
    NONE = "none"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordDetails:
    """Who signs in, and how the site asks for a second factor. Made by `of`, so that it says what the material has."""

    tag: ClassVar[str] = "password"
    username: str
    totp_type: TotpType = TotpType.NONE
    totp_identifier: str | None = None
    """Where codes are sent to that the site sends."""
    has_totp: bool = False
    """Whether a key is stored, whatever the type says."""
    fields: tuple[str, ...] = ()
    """The names of the fields that placeholders may stand for; names are not secret."""

    @classmethod
    def of(
        cls,
        material: "Password",
        *,
        username: str,
        totp_type: TotpType = TotpType.NONE,
        totp_identifier: str | None = None,
    ) -> "PasswordDetails":
        """Return the description of a login."""
        return cls(
            username=username,
            totp_type=totp_type,
            totp_identifier=totp_identifier,
            has_totp=material.totp is not None and material.totp != Secret(""),
            fields=tuple(_fields(username, material)),
        )

    def codes_sent_to(self) -> str | None:
        """Return the address that the site sends one-time codes to; None where a key makes them, or there are none."""
        sends = self.totp_type in {TotpType.EMAIL, TotpType.TEXT} and TOTP not in self.fields
        return (self.totp_identifier or None) if sends else None

    def unique_key(self) -> None:
        """Any number of logins may look the same."""

    def variables(self, named: str, /) -> Mapping[str, str]:
        """One for each field."""
        return variables_of(named, self.fields)

    def server(self) -> None:
        """Never added to requests by itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """The password, the key of the one-time codes (Base32 or an otpauth URI), and other texts that the site may ask."""

    tag: ClassVar[str] = "password"
    password: Secret
    totp: Secret | None = None
    metadata: Mapping[str, Secret] = field(default_factory=dict)

    def stand_in(self) -> None:
        """It has several fields, none of which is all of it."""

    def bearer(self) -> None:
        """Never sent by itself."""

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing."""
        return {}


def with_key(material: Password, totp_type: TotpType) -> Password:
    """Return a login whose key is as it is stored: normal and fit for codes where an authenticator is said to have it.

    Raises `Invalid` with a code for a key that is missing or is none (contract skyvern-credentials 5.1, 8.3).
    """
    if totp_type is not TotpType.AUTHENTICATOR:
        return material
    return replace(material, totp=normalized(material.totp or Secret("")))


def fields_of(details: PasswordDetails, material: Password) -> Mapping[str, Field]:
    """Return the fields by name. A key that gives no codes is none of them."""
    return _fields(details.username, material)


def _fields(username: str, material: Password) -> Mapping[str, Field]:
    return named(
        (
            (USERNAME, Secret(username)),
            ("password", material.password),
            (TOTP, None if material.totp is None else _key(material.totp)),
            *nested(METADATA, material.metadata),
        )
    )


def _key(totp: Secret) -> TotpKey | None:
    """Return the key if it is one: with another type than `authenticator` it is stored unchecked."""
    try:
        return parsed(totp)
    except Invalid:
        return None


PASSWORD = Kind(tag=Password.tag, details=PasswordDetails, material=Password, fields=fields_of, ids=LOGIN)
