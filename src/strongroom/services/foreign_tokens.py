"""Tokens of the issuer that the operator trusts: to a principal of the organization that they name.

What an administrator's token may do is what the first key of an organization may; everybody else's may make gateway
keys for its own requests to models, and nothing more.
"""

from typing import final

from strongroom.core.actions import Scope
from strongroom.core.bearers import read_bearer
from strongroom.core.grants import Principal
from strongroom.core.sources import Clock
from strongroom.crypto.signed_tokens import SignedToken
from strongroom.services.first_sight import FirstSight
from strongroom.services.issuer_keys import IssuerKeys
from strongroom.services.keys import ORDINARY_SCOPES
from strongroom.services.known_callers import Caller

MEMBER_SCOPES = frozenset({Scope.LLM_USE})


@final
class ForeignTokens:
    """Says whom a token stands for. Implements `Issued`."""

    def __init__(self, *, keys: IssuerKeys, issuer: str, audience: str, homes: FirstSight, clock: Clock) -> None:
        self.issuer = issuer
        self._keys = keys
        self._audience = audience
        self._homes = homes
        self._clock = clock

    async def caller(self, token: SignedToken) -> Caller:
        """Return whom it stands for. Raises `NotAuthenticated`, `NotPermitted` and `Unavailable`."""
        claims = await self._keys.verified(token)
        bearer = read_bearer(claims, issuer=self.issuer, audience=self._audience, now=self._clock())
        organization, workspace = await self._homes.home(bearer)
        principal = Principal(
            id=bearer.principal,
            organization=organization,
            workspace=workspace,
            scopes=ORDINARY_SCOPES if bearer.is_admin else MEMBER_SCOPES,
            person=bearer.person,
        )
        return Caller(principal, until=bearer.ends_at)
