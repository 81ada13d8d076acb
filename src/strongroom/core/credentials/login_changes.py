"""Logins, cards and secrets as our own callers give them: whole, as a flat JSON object, and later some fields of it.

Rules kept here:
- the text of the object is a secret until its fields are;
- a login that is said to have an authenticator has a key that gives codes;
- a change keeps the kind, and whatever it does not name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import final

from strongroom.core.credentials.base import Details, Material
from strongroom.core.credentials.changes import Changed
from strongroom.core.credentials.credential import Credential
from strongroom.core.credentials.flat import changed_flat, from_flat_text
from strongroom.core.credentials.password import Password, PasswordDetails, with_key
from strongroom.core.failures import Invalid
from strongroom.core.networking import Networking
from strongroom.core.secret import Secret
from strongroom.core.vaults import checked_name


def given_login(text: Secret, *, at: str) -> tuple[Details, Material]:
    """Read one. Raises `Invalid` that names the field, below `at`."""
    with _below(at):
        return _keyed(*from_flat_text(text))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginChange:
    """Other fields, as the text of a JSON object that stands `at` some place; another reach; a name. None keeps."""

    fields: Secret | None = None
    at: str
    networking: Networking | None = None
    display_name: str | None = None

    @property
    def needs_material(self) -> bool:
        """The fields are sealed together, so new ones are put beside the old."""
        return self.fields is not None

    def applied(self, credential: Credential, material: Material | None, /) -> Changed:
        """Return both after the change. Raises `Invalid`."""
        renewed = None
        if self.fields is not None:
            assert material is not None  # noqa: S101 - it was asked for
            with _below(self.at):
                details, renewed = _keyed(*changed_flat(credential.details, material, self.fields))
            credential = replace(credential, details=details)
        networking = credential.networking if self.networking is None else self.networking
        name = credential.display_name if self.display_name is None else checked_name(self.display_name)
        return replace(credential, networking=networking, display_name=name), renewed


def _keyed(details: Details, material: Material) -> tuple[Details, Material]:
    if isinstance(details, PasswordDetails) and isinstance(material, Password):
        return details, with_key(material, details.totp_type)
    return details, material


@contextmanager
def _below(at: str) -> Iterator[None]:
    try:
        yield
    except Invalid as refused:
        field = f"{at}.{refused.field}" if refused.field else at
        raise Invalid(refused.rule, field=field, code=refused.code) from None
