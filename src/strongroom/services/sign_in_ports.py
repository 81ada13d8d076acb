"""Who is signed in with our own issuer: the door to where it is kept. As in `ports.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from strongroom.core.actions import Scope
from strongroom.core.ids import PrincipalId, WorkspaceId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A person's consent that a program acts with a key. Codes and tokens are kept as digests beside it."""

    id: str
    workspace: WorkspaceId
    key: PrincipalId
    client: str
    scopes: frozenset[Scope]
    words: str
    """What else was asked for: `openid`, `offline_access`."""
    redirect_uri: str
    challenge: str
    nonce: str
    created_at: datetime
    expires_at: datetime


@final
@dataclass(frozen=True, slots=True)
class Step:
    """What was found of a code or a token: `done` if it was good, else it came again, and the sign-in has ended."""

    sign_in: SignIn
    done: bool


class SignIns(Protocol):
    """Keeps them. A step forward is one statement, so one caller takes it."""

    async def add(self, sign_in: SignIn, *, code: bytes) -> None:
        """Add one that waits for its code, and forget those that are over."""

    async def take(self, code: bytes, *, at: datetime) -> Step | None:
        """Redeem a code that was not before. One that comes a second time ends what came of it."""

    async def begin(self, sign_in: str, *, refresh: bytes) -> None:
        """Give one that was redeemed its first refresh token."""

    async def rotate(self, sign_in: str, *, expected: bytes, fresh: bytes, at: datetime) -> Step | None:
        """Put another refresh token in the place of the expected one. If that is not it, all of it ends."""

    async def end(self, sign_in: str, *, at: datetime) -> None:
        """Let nothing more come of it."""
