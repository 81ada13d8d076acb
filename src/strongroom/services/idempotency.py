"""A create repeated with the same `Idempotency-Key` within 24 hours answers the first result.

The answer may hold what is shown once (a token, a key), so it is kept sealed. What was asked is
kept as a keyed hash, never as it is: it may hold a secret.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import final

from strongroom.core.binding import Binding
from strongroom.core.failures import Invalid, TooMany
from strongroom.core.grants import Principal
from strongroom.core.sources import Clock
from strongroom.services.ports import Replies, Seal

LIFETIME = timedelta(hours=24)
MAX_KEY = 255
LOOKS = 100
BETWEEN_LOOKS = 0.1
"""Seconds. A repeat waits ten of them for the first request, which is longer than any create takes."""


@final
@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on the wire. `status` below 300 means that something was created."""

    status: int
    body: bytes


@final
class Idempotency:
    """Answers kept for repeated creates. `secret` is the installation's own."""

    def __init__(self, *, replies: Replies, seal: Seal, clock: Clock, secret: bytes) -> None:
        self._replies = replies
        self._seal = seal
        self._clock = clock
        self._secret = secret

    async def once(
        self, principal: Principal, key: str, *, route: str, body: bytes, create: Callable[[], Awaitable[Reply]]
    ) -> Reply:
        """Run `create`, or return what it answered before under this key.

        While the first request is under way the repeat waits for its answer. Raises `Invalid` for an
        unusable key or one that came with another request, and `TooMany` if the first takes too long.
        A create that fails leaves the key free.
        """
        if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
            raise Invalid(f"must have 1 to {MAX_KEY} printable characters", field="Idempotency-Key")
        name = self._hash(principal.id, key)
        fingerprint = self._hash(route, body.hex())
        for _ in range(LOOKS):
            now = self._clock()
            left = await self._replies.claim(name, fingerprint, now=now, expired=now - LIFETIME)
            if left is None:
                return await self._first(principal, name, create)
            if not hmac.compare_digest(left.fingerprint, fingerprint):
                raise Invalid("was used with another request", field="Idempotency-Key")
            if left.sealed is not None:
                return _read(await self._seal.open(_binding(principal, name), left.sealed))
            await asyncio.sleep(BETWEEN_LOOKS)
        raise TooMany("the first request with this Idempotency-Key is still under way", retry_after=1)

    async def _first(self, principal: Principal, name: bytes, create: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            reply = await create()
        except BaseException:
            await self._replies.release(name)
            raise
        if reply.status < 300:  # noqa: PLR2004 - HTTP success
            # If this fails, the claim stays: something was created, and a repeat must not make another.
            await self._replies.settle(name, await self._seal.seal(_binding(principal, name), _write(reply)))
        else:
            await self._replies.release(name)
        return reply

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._secret, json.dumps(parts).encode(), "sha256")


def _binding(principal: Principal, name: bytes) -> Binding:
    return Binding(
        organization=principal.organization, vault="", subject=name.hex(), kind="idempotent_reply", revision=1
    )


def _write(reply: Reply) -> bytes:
    return reply.status.to_bytes(2) + reply.body


def _read(kept: bytes) -> Reply:
    return Reply(int.from_bytes(kept[:2]), kept[2:])
