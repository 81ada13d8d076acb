"""What every credential kind provides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, final

from strongroom.core.mcp_urls import McpUrl
from strongroom.core.secret import Secret


class Details(Protocol):
    """The part of a kind that is not secret."""

    tag: ClassVar[str]

    def unique_key(self) -> str:
        """Return what no two active credentials of a vault may share, with its key space in front."""

    def variable(self) -> str | None:
        """Return the name of the variable that an agent holds the placeholder in, if the kind works that way."""

    def server(self) -> McpUrl | None:
        """Return the server whose requests this kind is added to, if it works that way."""


class Material(Protocol):
    """The secret-bearing instance of a kind: a frozen dataclass of `Secret` fields."""

    tag: ClassVar[str]

    def stand_in(self) -> Secret | None:
        """Return what a placeholder stands in for, if the kind is used by placeholder."""

    def bearer(self) -> Secret | None:
        """Return the token that is sent as an RFC 6750 bearer header, if the kind is used that way."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A row of `KINDS`. `details` and `material` are frozen dataclasses."""

    tag: str
    details: Callable[..., Details]
    material: Callable[..., Material]
