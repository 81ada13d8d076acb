"""The gateway's door to clouds: what authenticates one request to a vendor that takes no plain key (contract 3.5).

Rules kept here:
- what is signed is the request as it is sent, to the byte: nobody changes it between `authorize` and the wire;
- there is always something to authenticate with, or one of the two errors: a request never leaves with nothing.
"""

from dataclasses import dataclass, field
from typing import Protocol, final

from strongroom.core.credentials import Material
from strongroom.core.llm.routes import Route
from strongroom.core.secret import Secret


class CredentialUnavailable(Exception):
    """There is nothing to authenticate with: no secret, or no identity of this server's own (503)."""


class ExchangeRefused(Exception):
    """A cloud refuses to exchange what it was shown for a token (502). Its words are an error code and nothing else."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A request as it will be sent, but for what authenticates it. `url` is final and escaped."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)


@final
@dataclass(frozen=True, slots=True)
class Authorization:
    """Fields to set, each in the place of any of its name; and what of it must not be seen in an answer."""

    fields: tuple[tuple[str, Secret], ...]
    secrets: tuple[Secret, ...]


class CloudCredentials(Protocol):
    """Tokens and signatures of clouds, for routes whose scheme `is_cloud`."""

    async def authorize(
        self, route: Route, material: Material, request: Unsigned, *, rejected: bool = False
    ) -> Authorization:
        """Return what authenticates a request. Raises the errors above.

        `rejected` says that the upstream answered 401 to what was given last: a new token is got, once.
        """
