"""What `strongroom credential add` was told, and what each kind makes of it: check, read, store.

Usage is checked before a server is asked, and a secret is read only once there is a place for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, final

import typer

from strongroom.cli.client import Client, Json
from strongroom.core.secret import Secret


@final
class Kind(StrEnum):
    """The kinds that the command line can store."""

    ENVIRONMENT_VARIABLE = "environment_variable"
    STATIC_BEARER = "static_bearer"
    MCP_OAUTH = "mcp_oauth"
    AWS_KEYS = "aws_keys"
    AGENT_IDENTITY = "agent_identity"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    CREDIT_CARD = "credit_card"
    SECRET = "secret"  # noqa: S105 - likewise


LOGINS = (Kind.PASSWORD, Kind.CREDIT_CARD, Kind.SECRET)
"""Those that are put in field by field."""

_OF_KINDS = {
    "access_key_id": (Kind.AWS_KEYS,),
    "audience": (Kind.AGENT_IDENTITY,),
    "username": (Kind.PASSWORD,),
    "totp": (Kind.PASSWORD,),
    "brand": (Kind.CREDIT_CARD,),
    "label": (Kind.SECRET,),
    "site": LOGINS,
    "fields": LOGINS,
    "custodian": LOGINS,
}


class Reads(Protocol):
    """Reads secrets, from where the command was told."""

    @property
    def is_named(self) -> bool:
        """Whether it was told where."""

    @property
    def asks(self) -> bool:
        """Whether values are asked for at the terminal, one by one."""

    def read(self, name: str) -> Secret:
        """Return a secret by its name. Raises `Complaint` if there is none to read; wrong usage ends the command."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of a credential on the command line."""

    name: str
    kind: Kind
    source: Reads
    hosts: list[str] | None = None
    unrestricted: bool = False
    header: bool = True
    body: bool = True
    imitate: bool = False
    url: str | None = None
    audience: str | None = None
    access_key_id: str | None = None
    username: str | None = None
    site: str | None = None
    brand: str | None = None
    label: str | None = None
    totp: bool = False
    fields: bool = False
    custodian: str | None = None
    display_name: str | None = None
    metadata: Json | None = None

    @property
    def title(self) -> str:
        """What people call it, of the kinds that have no name of their own."""
        return self.display_name or self.name

    @property
    def surfaces(self) -> list[str]:
        """Where its placeholder is replaced. Ends the command for nowhere."""
        if not self.header and not self.body:
            raise typer.BadParameter("a secret must go somewhere: allow headers or bodies", param_hint="--no-body")
        return [word for word, wanted in (("header", self.header), ("body", self.body)) if wanted]


@final
@dataclass(frozen=True, slots=True)
class Adder:
    """How credentials of a kind are added.

    `check` ends the command for usage that the kind does not have; `ask` reads what is secret and returns the request's
    body; `store` sends it for a vault.
    """

    check: Callable[[Said], None]
    ask: Callable[[Said], Json]
    store: Callable[[Client, Json, Json], Json]


def require_of_kind(said: Said) -> None:
    """End the command for an option that belongs to another kind."""
    for option, kinds in _OF_KINDS.items():
        if getattr(said, option) and said.kind not in kinds:
            raise typer.BadParameter(f"is for --kind {' or '.join(kinds)}", param_hint=f"--{option.replace('_', '-')}")


def require_reach(said: Said) -> None:
    """End the command unless it says to which hosts a secret may go."""
    if said.url is not None:
        raise typer.BadParameter("is for --kind static_bearer and mcp_oauth; say --host here", param_hint="--url")
    if said.hosts and said.unrestricted:
        raise typer.BadParameter("say either which hosts, or --unrestricted", param_hint="--host")
    if not said.hosts and not said.unrestricted:
        raise typer.BadParameter(
            "say where the secret may go, such as --host api.github.com (repeatable, '*.example.com' for subdomains); "
            "--unrestricted lets it go to every host that a session's environment allows",
            param_hint="--host",
        )
