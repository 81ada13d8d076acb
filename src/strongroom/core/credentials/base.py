"""What every credential kind provides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, final

from strongroom.core.credentials.named_fields import Field
from strongroom.core.ids import CREDENTIAL
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret

WHOLE = ""
"""The part of a secret that is all of it."""


class Details(Protocol):
    """The part of a kind that is not secret."""

    tag: ClassVar[str]

    def unique_key(self) -> str | None:
        """Return what no two active credentials of a vault may share, with its key space in front, if there is such."""

    def variables(self, named: str, /) -> Mapping[str, str]:
        """Return the variables that an agent holds placeholders in, by name.

        Each comes with the part of the secret that it stands for; a kind of one part says `WHOLE`. `named` is what the
        credential is called, for kinds whose variables have no names of their own.
        """

    def server(self) -> McpUrl | None:
        """Return the server whose requests this kind is added to, if it works that way."""


class Material(Protocol):
    """The secret-bearing instance of a kind: a frozen dataclass of `Secret` fields."""

    tag: ClassVar[str]

    def stand_in(self) -> Secret | None:
        """Return what a placeholder stands in for, if the kind is used by placeholder."""

    def bearer(self) -> Secret | None:
        """Return the token that is sent as an RFC 6750 bearer header, if the kind is used that way."""

    def signing(self) -> Mapping[str, Secret]:
        """Return what requests are signed with, by part, if the kind is used that way."""


def _no_fields(_details: Details, _material: Material) -> Mapping[str, Field]:
    return {}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A row of `KINDS`. `details` and `material` are frozen dataclasses.

    `fields` returns what a person would type, by name, for kinds that are used field by field. Of `capped` kinds an
    ordinary vault holds few (contract anthropic-vaults 4.8). `ids` is what the ids of its credentials begin with.
    """

    tag: str
    details: Callable[..., Details]
    material: Callable[..., Material]
    fields: Callable[..., Mapping[str, Field]] = _no_fields
    capped: bool = False
    ids: str = CREDENTIAL
