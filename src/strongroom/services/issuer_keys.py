"""The keys that an issuer's tokens are verified with: fetched, kept, and fetched again.

OpenID Connect Discovery 1.0 section 4, RFC 7517. Rules kept here:
- metadata counts only if its issuer is letter by letter the one that was asked for;
- one fetch at a time, and a few in vain at most before there are seconds between them, whatever tokens arrive: a
  stranger cannot make us ask;
- a key that is not known has the set fetched anew; what an issuer has taken out is not used any more after minutes;
- while fetching fails, the old set serves for some hours, and after that nobody is let in.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, final

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.discovery import OPENID
from strongroom.core.documents import MAX_BYTES, OK, Document
from strongroom.core.failures import BadReply, Failure, Unavailable
from strongroom.core.sources import Clock
from strongroom.crypto.signed_tokens import KeySet, SignedToken
from strongroom.services.oauth_ports import Control

FRESH = timedelta(minutes=10)
"""How long a set is used before it is fetched again."""
SERVES = timedelta(hours=6)
"""How long it is used where that fails."""
PAUSE = timedelta(seconds=10)
"""From a fetch that failed to the next. One that did not bring the key that was missed is in vain as well, but a few of
these may come at once; one that brought it counts for nothing: an issuer may go on to its next key at any time."""
IN_VAIN = 5
"""How many at once; from then on there is a pause from each to the next."""
WITHIN = 5.0
"""Seconds that each call may take: requests wait for it."""
MAX_SET_BYTES = 256 * 1024
"""Of a key set: certificates may come along, which nobody looks at."""
_log = logging.getLogger(__name__)


@final
class IssuerKeys:
    """Verifies one issuer's tokens. Where its key set is, `key_set_url` says, or else its metadata."""

    def __init__(self, *, control: Control, issuer: str, key_set_url: str | None, clock: Clock) -> None:
        self._control = control
        self._issuer = issuer
        self._url = key_set_url
        self._clock = clock
        self._turn = asyncio.Lock()
        self._keys: KeySet | None = None
        self._fetched_at: datetime | None = None
        self._spent_until: datetime | None = None  # each fetch in vain spends a pause

    async def verified(self, token: SignedToken) -> Mapping[str, Any]:
        """Return what a token says. Raises `NotAuthenticated`, and `Unavailable` where no keys can be had."""
        if not self._is_fresh(self._clock()) or self._keys is None or not self._keys.knows(token):
            await self._fetch(token)
        keys, fetched_at = self._keys, self._fetched_at
        if keys is None or fetched_at is None or self._clock() >= fetched_at + SERVES:
            raise Unavailable("the keys of the issuer of tokens cannot be had at the moment")
        return keys.verified(token)

    def _is_fresh(self, now: datetime) -> bool:
        return self._fetched_at is not None and now < self._fetched_at + FRESH

    async def _fetch(self, token: SignedToken) -> None:
        """Fetch the set, unless somebody just has. A failure is logged, and leaves the set that there is."""
        async with self._turn:
            now = self._clock()
            if self._keys is not None and self._is_fresh(now) and self._keys.knows(token):
                return  # whoever had the turn before has fetched it
            spent = max(now, self._spent_until or now)
            if spent > now + (IN_VAIN - 1) * PAUSE:
                return
            self._spent_until = now + IN_VAIN * PAUSE  # as if it had failed: whoever gives up waiting leaves it at that
            try:
                self._keys = await self._read()
                self._fetched_at = self._clock()
            except Failure as failure:
                _log.warning("the keys of %s cannot be fetched: %s", self._issuer, failure)
            else:
                self._spent_until = spent if self._keys.knows(token) else spent + PAUSE

    async def _read(self) -> KeySet:
        url = await self._discovered() if self._url is None else _url(self._url, "the key set's URL")
        keys = KeySet.read(_body(await self._get(url, MAX_SET_BYTES), "the issuer's key set"))
        if not len(keys):
            raise BadReply("the issuer's key set has no key that tokens can be verified with")
        return keys

    async def _discovered(self) -> ControlUrl:
        what = f"the metadata of {self._issuer}"
        reply = await self._get(_url(self._issuer.rstrip("/") + OPENID, "the issuer's URL"), MAX_BYTES)
        _body(reply, what)
        document = Document.read(reply, what)
        if document.required("issuer") != self._issuer:
            raise BadReply(f"{what} is that of another issuer")
        return document.required_url("jwks_uri", insecure=True)

    async def _get(self, url: ControlUrl, most: int) -> Reply:
        """Ask: https anywhere, plain http at addresses that the operator has listed."""
        plain = url.destination.scheme != "https"
        call = Call(
            method="GET", url=url, headers={"accept": "application/json"}, limit_bytes=most, ordinary_only=plain
        )
        return await self._control.send(call, within=WITHIN)


def _url(text: str, what: str) -> ControlUrl:
    try:
        return ControlUrl.parse(text, insecure=True)  # what is plain is held to addresses that are listed
    except Failure:
        raise BadReply(f"{what} cannot be used") from None


def _body(reply: Reply, what: str) -> bytes:
    if reply.status != OK:
        raise BadReply(f"{what} is answered with {reply.status}")
    if reply.truncated:
        raise BadReply(f"{what} is too large")
    return reply.body
