"""Any other secret text that a person would type somewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.named_fields import Field, named, variables_of
from strongroom.core.ids import LOGIN
from strongroom.core.secret import Secret

SECRET_VALUE = "secret_value"  # noqa: S105 - the name of a field


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SecretValueDetails:
    """What its owner calls it."""

    tag: ClassVar[str] = "secret"
    label: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The one that there is."""
        return (SECRET_VALUE,)

    def unique_key(self) -> None:
        """Any number of secrets may look the same."""

    def variables(self, named: str, /) -> Mapping[str, str]:
        """One for each field."""
        return variables_of(named, self.fields)

    def server(self) -> None:
        """Never added to requests by itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SecretValue:
    """The text."""

    tag: ClassVar[str] = "secret"
    value: Secret

    def stand_in(self) -> None:
        """Used by the name of its field."""

    def bearer(self) -> None:
        """Never sent by itself."""

    def signing(self) -> Mapping[str, Secret]:
        """Signs nothing."""
        return {}


def fields_of(details: SecretValueDetails, material: SecretValue) -> Mapping[str, Field]:  # noqa: ARG001 - as every kind's
    """Return the one field."""
    return named(((SECRET_VALUE, material.value),))


SECRET = Kind(tag=SecretValue.tag, details=SecretValueDetails, material=SecretValue, fields=fields_of, ids=LOGIN)
