"""The gateway as an ASGI application: who is calling, what is asked for, and what is under way.

A request passes in this order: path, gateway key, spend limit, room, body, and then its routes. While that lasts its
client's going, its key's end and the server's stop end it. Whatever happens, it ends here, and is told to the books.
"""

import asyncio
import logging
import traceback
from typing import final

from starlette.types import Receive, Scope, Send

from strongroom.core.failures import Failure
from strongroom.core.ids import REQUEST, NewId
from strongroom.core.llm.families import Operation
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.uses import Finish
from strongroom.core.sources import Spawn
from strongroom.delivery.llm.callers import Caller, caller, not_valid
from strongroom.delivery.llm.client import Client, Gone
from strongroom.delivery.llm.documents import Document
from strongroom.delivery.llm.fields import to_upstream
from strongroom.delivery.llm.models import listed
from strongroom.delivery.llm.passing import Passing
from strongroom.delivery.llm.paths import Listing, asked
from strongroom.delivery.llm.record import Record
from strongroom.delivery.llm.refusals import Code, Turned
from strongroom.delivery.llm.room import Room, Rooms
from strongroom.delivery.llm.surroundings import Surroundings
from strongroom.delivery.llm.trying import Asked, Trying
from strongroom.delivery.llm.under_way import UnderWay
from strongroom.delivery.mcp.leash import Ended, Leash, Why
from strongroom.services.llm_bookkeeping import Bookkeeping
from strongroom.services.llm_routing import Refused

_log = logging.getLogger(__name__)
_NOTED_SECONDS = 60.0
_MOST_NOTED = 10_000


@final
class Gateway:
    """One for a server."""

    def __init__(self, *, around: Surroundings, books: Bookkeeping, new_id: NewId, spawn: Spawn) -> None:
        self._around = around
        self._books = books
        self._new_id = new_id
        self._spawn = spawn
        self._rooms = Rooms(around.limits)
        self._under_way = UnderWay(key=around.routes.key, seconds=around.limits.watch_seconds)
        self._noted: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = self._new_id(REQUEST)
        client = Client(scope, receive, send, request_id, stall_seconds=self._around.limits.stall_seconds)
        try:
            await self._answer(scope, client)
        except Turned as refusal:
            await self._refuse(client, refusal)
        except Gone:
            await client.cut()

    async def watch(self) -> None:
        """Follow the keys of what is under way; runs as long as the process."""
        await self._under_way.watch()

    async def stop(self, grace: float) -> None:
        """Let what is under way finish within the grace, and end the rest."""
        await self._under_way.stop(grace)

    async def _answer(self, scope: Scope, client: Client) -> None:
        client.anthropic = any(name == b"anthropic-version" for name, _ in client.fields)
        what = asked(scope["method"], scope["path"])
        if isinstance(what, Operation):
            client.anthropic = what.is_anthropic
        who = caller(client.fields)
        try:
            key = await self._around.routes.key(who.digest)
        except Failure:
            raise _unavailable() from None
        if isinstance(key, Refused):
            raise not_valid()
        self._note_used(key)
        if isinstance(what, Listing):
            await self._list(client, who)
        else:
            await self._recorded(scope, client, what, who, key)

    async def _list(self, client: Client, who: Caller) -> None:
        try:
            reachable = await self._around.routes.reachable(who.digest)
        except Failure:
            raise _unavailable() from None
        if isinstance(reachable, Refused):
            raise not_valid()
        body = listed(reachable, anthropic=client.anthropic)
        await client.start(200, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))])
        await client.write(body, more=False)

    async def _recorded(self, scope: Scope, client: Client, operation: Operation, who: Caller, key: GatewayKey) -> None:
        """Answer a request of a known key, and tell the books what it came to."""
        counters = self._around.counters
        record = Record(client.request_id, operation, self._around.clock(), asyncio.get_running_loop().time)
        counters.open += 1
        try:
            await self._ran(scope, client, operation, who, key, record)
        except Turned as refusal:
            record.code, record.status = refusal.code, refusal.status(anthropic=client.anthropic)
            record.bytes_out += await self._refuse(client, refusal)
        except Gone:
            record.finish = Finish.CLIENT_DISCONNECTED
            await client.cut()
        finally:
            counters.open -= 1
            counters.bytes_to_client += record.bytes_out
            outcome = record.code if record.finish is Finish.REFUSED and record.code else record.finish
            counters.requests[operation, outcome.value] += 1
            self._books.note(record.use(key))

    async def _ran(  # noqa: PLR0913 - what a request is made of
        self, scope: Scope, client: Client, operation: Operation, who: Caller, key: GatewayKey, record: Record
    ) -> None:
        overspent = self._books.admit(key)
        if overspent is not None:
            raise Turned(Code.SPEND_LIMIT_EXCEEDED, overspent.message, retry_after=overspent.retry_after)
        with self._rooms.entered(key.workspace) as room:
            fields = to_upstream(client.fields)
            body = await client.body(self._around.limits.request_bytes, room)
            record.bytes_in = len(body)
            document = Document.read(body)
            del body
            record.model, record.streams = document.model, document.streams
            wants = Asked(
                operation=operation,
                caller=who,
                document=document,
                fields=fields,
                beta=operation.is_anthropic and b"beta=true" in scope["query_string"].split(b"&"),
            )
            await self._held(wants, client, record, room)

    async def _held(self, wants: Asked, client: Client, record: Record, room: Room) -> None:
        """Try and pass on until it is done, or somebody ends it."""
        leash = Leash()
        listening = _Listening(client, leash, self._spawn)
        waiting = asyncio.get_running_loop().call_later(self._around.limits.listen_seconds, listening.begin)
        passing: Passing | None = None
        try:
            with self._under_way.holding(leash, wants.caller.digest):
                async with leash.held():
                    answer = await Trying(wants, record, self._around).answer()
                    try:
                        room.give_back()
                        passing = Passing(answer, client, record, self._around.limits)
                        await passing.run()
                    finally:
                        answer.reply.close()
        except Ended as ended:
            if ended.why is Why.CLIENT_GONE:
                raise Gone from None
            await _ended(_because(ended.why), passing, client, record)
        except Turned as refusal:
            await _ended(refusal, passing, client, record)
        except Failure:
            await _ended(_unavailable(), passing, client, record)
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            self._around.counters.crashes += 1
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("a request to a model was given up because of %s\n%s", type(error).__name__, where)
            await _ended(Turned(Code.INTERNAL, "the gateway failed; try again later"), passing, client, record)
        finally:
            waiting.cancel()
            listening.end()

    async def _refuse(self, client: Client, refusal: Turned) -> int:
        self._around.counters.refused[refusal.code.value] += 1
        try:
            return await client.refuse(refusal)
        except Gone:
            return 0

    def _note_used(self, key: GatewayKey) -> None:
        """Write down, now and then, that a key is in use; nothing waits for it, and nothing fails with it."""
        now = asyncio.get_running_loop().time()
        if now - self._noted.get(key.id, -_NOTED_SECONDS) < _NOTED_SECONDS:
            return
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[key.id] = now
        _writing = self._spawn(self._write_used(key), "note that a gateway key is used")

    async def _write_used(self, key: GatewayKey) -> None:
        try:
            await self._around.routes.note_used(key)
        except Failure as failure:
            _log.info("the last use of a gateway key was not written: %s", type(failure).__name__)


@final
class _Listening:
    """Watches for the client's going; begun late, so that a short request costs nothing."""

    __slots__ = ("_client", "_leash", "_spawn", "_task")

    def __init__(self, client: Client, leash: Leash, spawn: Spawn) -> None:
        self._client = client
        self._leash = leash
        self._spawn = spawn
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Watch from now on."""
        self._task = self._spawn(self._listen(), "notice when the client of a model goes")

    def end(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()

    async def _listen(self) -> None:
        await self._client.until_gone()
        self._leash.pull(Why.CLIENT_GONE)


async def _ended(refusal: Turned, passing: Passing | None, client: Client, record: Record) -> None:
    """End a request: by the refusal, or where its answer has begun by what can still be said."""
    if not client.started or passing is None:
        raise refusal
    record.finish, record.code = Finish.UPSTREAM_BROKE, refusal.code
    await passing.end(refusal)


def _because(why: Why) -> Turned:
    if why is Why.STOPPING:
        return Turned(Code.UNAVAILABLE, "the server is stopping; try again", retry_after=1)
    return not_valid()


def _unavailable() -> Turned:
    return Turned(Code.UNAVAILABLE, "the gateway cannot look up its routes now; try again", retry_after=1)
