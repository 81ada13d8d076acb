"""AWS access keys: the agent signs with their placeholders, and what it sends is signed anew on the way out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.secret import Secret

ACCESS_KEY_ID = "access_key_id"
SECRET_ACCESS_KEY = "secret_access_key"  # noqa: S105 - the name of a field
SESSION_TOKEN = "session_token"  # noqa: S105 - likewise
VARIABLES = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
}
"""The names that every AWS SDK and the AWS command line read, each with the part that it stands for."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeysDetails:
    """Whether there is a session token: agents must know, since they send it. Temporary keys have one."""

    tag: ClassVar[str] = "aws_keys"
    temporary: bool = False

    def unique_key(self) -> str:
        """One set of keys for each vault, which may not hold the variable of that name beside it."""
        return "env:AWS_ACCESS_KEY_ID"

    def variables(self, _named: str, /) -> Mapping[str, str]:
        """The names that AWS has given them."""
        return {name: part for name, part in VARIABLES.items() if self.temporary or part != SESSION_TOKEN}

    def server(self) -> None:
        """Never added to requests by itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeys:
    """The keys. The id is no secret of its own, but says whose they are."""

    tag: ClassVar[str] = "aws_keys"
    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None

    def stand_in(self) -> None:
        """Never put in as they are."""

    def bearer(self) -> None:
        """Never sent by themselves."""

    def signing(self) -> Mapping[str, Secret]:
        """All of them."""
        keys = {ACCESS_KEY_ID: self.access_key_id, SECRET_ACCESS_KEY: self.secret_access_key}
        return keys if self.session_token is None else {**keys, SESSION_TOKEN: self.session_token}


def details_of(keys: AwsKeys) -> AwsKeysDetails:
    """Return what may be said of the keys."""
    return AwsKeysDetails(temporary=keys.session_token is not None)


AWS_KEYS = Kind(tag=AwsKeys.tag, details=AwsKeysDetails, material=AwsKeys)
