"""An upstream's answer on its way to the client (contract 4.3, 4.4, 4.9).

Rules kept here:
- a good answer passes as it comes: no byte is changed, none is waited for but those that have not come;
- none is read before the client has room for it;
- a stream of events that breaks off ends in an event that says so; of anything else the connection ends, so that nobody
  takes a part for the whole;
- an error is looked through for secrets first, and only so much of it is passed on.
"""

import asyncio
from typing import final

from strongroom.core.failures import Failure
from strongroom.core.llm.tallies import Tally
from strongroom.core.llm.uses import Finish
from strongroom.delivery.llm.client import Client
from strongroom.delivery.llm.fields import is_events, one, to_client
from strongroom.delivery.llm.limits import Limits
from strongroom.delivery.llm.outcomes import told
from strongroom.delivery.llm.placing import sought
from strongroom.delivery.llm.record import Record
from strongroom.delivery.llm.redaction import redacted
from strongroom.delivery.llm.refusals import Code, Headers, Turned
from strongroom.delivery.llm.trying import Answer

_TAIL = 4
"""Bytes that tell whether an event is complete."""


@final
class Passing:
    """Run it once."""

    def __init__(self, answer: Answer, client: Client, record: Record, limits: Limits) -> None:
        self._answer = answer
        self._client = client
        self._record = record
        self._limits = limits
        self._tail = b""
        self._is_events = False

    @property
    def can_say_more(self) -> bool:
        """Whether the client would understand an event of ours."""
        return self._is_events

    async def run(self) -> None:
        """Pass the answer on. Raises `Gone`, and `Turned` where it broke off after it had begun."""
        self._record.status = self._answer.reply.status
        if self._answer.reply.status < 300:  # noqa: PLR2004 - RFC 9110 15.3
            await self._good()
        else:
            await self._error()
        self._record.finish = Finish.COMPLETED

    async def end(self, refusal: Turned) -> None:
        """End an answer that has begun and cannot be completed."""
        if self._is_events:
            await self._client.end_events(refusal, self._tail)
        else:
            await self._client.cut()

    async def _good(self) -> None:
        reply, record = self._answer.reply, self._record
        fields = to_client(reply.fields, sought(self._answer.authorization), untouched=True)
        if is_events(reply.fields):
            # with a length or an encoding nothing of ours can follow
            self._is_events = not any(name in {b"content-length", b"content-encoding"} for name, _ in fields)
            fields.append((b"x-accel-buffering", b"no"))
        record.tally = Tally.of(one(reply.fields, b"content-type").decode("latin-1"))
        await self._client.start(reply.status, fields)
        piece = self._answer.first
        while True:
            ended = not piece or reply.ended
            record.tally.feed(piece)
            self._tail = (self._tail + piece[-_TAIL:])[-_TAIL:]
            await self._client.write(piece, more=not ended)
            record.wrote(len(piece))
            if ended:
                return
            piece = await self._next()

    async def _next(self) -> bytes:
        name = self._answer.route.provider.name
        try:
            async with self._answer.due.limit():
                return await self._answer.reply.piece()
        except TimeoutError:
            raise told(Code.TIMEOUT, name) from None
        except Failure:
            raise told(Code.UPSTREAM_ERROR, name) from None

    async def _error(self) -> None:
        """Pass an error on as far as it has come in time."""
        reply, answer = self._answer.reply, self._answer
        body, complete = await self._gathered()
        secrets = answer.authorization.secrets
        shown = redacted(body, reply.fields, secrets, most=self._limits.error_bytes, complete=complete)
        fields: Headers = to_client(reply.fields, sought(answer.authorization), untouched=False)
        fields.append((b"content-length", str(len(shown)).encode()))
        await self._client.start(reply.status, fields)
        await self._client.write(shown, more=False)
        self._record.wrote(len(shown))

    async def _gathered(self) -> tuple[bytes, bool]:
        """Return the body of an error, and whether it is all of it."""
        body = b""
        try:
            async with asyncio.timeout(self._limits.error_seconds):
                while piece := await self._answer.reply.piece():
                    body += piece
                    if len(body) > self._limits.error_bytes:
                        return body, False
        except (TimeoutError, Failure):
            return body, False
        return body, True
