"""Redeems consent for tokens, and says in our own words why that failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never, final

from strongroom.core.failures import NotPermitted, UpstreamFailure
from strongroom.core.oauth import Refreshed, Rejected, TokenRequest, TryLater, read_reply
from strongroom.core.redemption import PENDING, SLOW_DOWN
from strongroom.services.oauth_ports import TokenEndpoint

STEP = "redeeming the consent"
_WORDS: Mapping[str, str] = {
    "invalid_grant": "the consent has expired, or was redeemed already",
    "invalid_client": "it does not accept the client: check its id and its secret",
    "unauthorized_client": "the client may not do this there",
    "unsupported_grant_type": "it does not support this flow",
    "invalid_scope": "it does not grant the scope",
    "invalid_target": "it does not issue tokens for this server",
    "access_denied": "the answer was no",
    "expired_token": "nobody entered the code in time",
}
"""RFC 6749 section 5.2, RFC 8707 section 2, RFC 8628 section 3.5."""


@final
@dataclass(frozen=True, slots=True)
class NoTokens:
    """There are none, and asking again is of no use. The sentence is ours."""

    problem: str


@final
@dataclass(frozen=True, slots=True)
class NotYet:
    """The person has not consented yet, or the server could not say; `slower` is how it asks for patience."""

    slower: bool = False


@final
class Redeeming:
    """Asks the token endpoint once."""

    def __init__(self, *, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint

    async def once(self, request: TokenRequest) -> Refreshed | NoTokens:
        """Redeem a code: it is good for one try, so whatever goes wrong is the end."""
        try:
            reply = await self._endpoint.exchange(request)
        except (NotPermitted, UpstreamFailure) as failure:
            return NoTokens(f"{STEP}: {failure}")
        match read_reply(reply):
            case Refreshed() as tokens:
                return tokens
            case Rejected(status, error):
                return NoTokens(_refused(status, error))
            case TryLater(status, error):
                return NoTokens(_refused(status or reply.status, error))
            case unknown:
                assert_never(unknown)

    async def again(self, request: TokenRequest) -> Refreshed | NoTokens | NotYet:
        """Ask for a device: trouble on the way means to ask again later (RFC 8628 section 3.5)."""
        try:
            reply = await self._endpoint.exchange(request)
        except UpstreamFailure:
            return NotYet(slower=True)
        except NotPermitted as refused:
            return NoTokens(f"{STEP}: {refused}")
        match read_reply(reply):
            case Refreshed() as tokens:
                return tokens
            case Rejected(_, error) | TryLater(_, error) if error in {PENDING, SLOW_DOWN}:
                return NotYet(slower=error == SLOW_DOWN)
            case Rejected(status, error):
                return NoTokens(_refused(status, error))
            case TryLater():
                return NotYet(slower=True)
            case unknown:
                assert_never(unknown)


def _refused(status: int, error: str) -> str:
    if error in _WORDS:
        return f"{STEP}: the token endpoint refused it: {_WORDS[error]} ({error})"
    if status < 300:  # noqa: PLR2004 - HTTP success
        return f"{STEP}: the token endpoint answered {status} without a token that could be used"
    return f"{STEP}: the token endpoint answered {status}"
