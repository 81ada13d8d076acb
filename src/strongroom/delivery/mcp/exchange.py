"""One request to an MCP server and its answer, as it is streamed.

Rules kept here:
- a secret is put in under a plan that holds at that moment, and what was sent to the host is taken out of the answer;
- the request is held as a whole, so that one that a server answers with 401 can be sent once more with a renewed token;
  a 401 itself never reaches the client: its user would be asked to sign in, which is not what is missing;
- pieces of the answer are passed on as they come, and none is read before the client has room for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never, final

from strongroom.core.failures import Failure
from strongroom.core.mcp_servers import Served
from strongroom.core.plans import Placement
from strongroom.core.substitution import BodyEncoding, body_encoding
from strongroom.delivery.egress.refusals import Code as EgressCode
from strongroom.delivery.egress.refusals import Refusal, bad_reply
from strongroom.delivery.egress.shares import Share
from strongroom.delivery.mcp.answers import EVENTS, AnswerBody, media_type
from strongroom.delivery.mcp.client import Client
from strongroom.delivery.mcp.counters import Counters
from strongroom.delivery.mcp.endpoints import EndpointRewriting, Endpoints
from strongroom.delivery.mcp.fields import one, to_client, to_server
from strongroom.delivery.mcp.limits import Limits
from strongroom.delivery.mcp.ports import Answered, Delivery, Passed, Reply, Rewriting, Screen, Upstream
from strongroom.delivery.mcp.refusals import Code, Turned, turned
from strongroom.delivery.mcp.room import Room
from strongroom.services.live import LivePlan, LiveSession, Rejected

_MOST_PLANS = 4
"""Plans asked for in a row, each over before it could be used."""
_UNAUTHORIZED = 401
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client wants: one request to one server of its session. `target` may be a place of the server's own."""

    live: LiveSession
    server: Served
    method: str
    target: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all exchanges share."""

    delivery: Delivery
    upstream: Upstream
    endpoints: Endpoints
    counters: Counters
    limits: Limits


@final
class Exchange:
    """Run it once, under a leash. Raises `Turned`, also where the answer has begun: it is then cut."""

    def __init__(  # noqa: PLR0913 - the two sides, and what is between them
        self,
        asked: Asked,
        body: bytes,
        *,
        client: Client,
        share: Share,
        room: Room,
        screen: Screen | None,
        around: Surroundings,
    ) -> None:
        self._asked = asked
        self._body = body
        self._room = room
        self._client = client
        self._share = share
        self._screen = screen
        self._around = around
        self.plan: LivePlan | None = None
        """The plan that the request was sent under."""
        self.streams = False
        """Whether the answer is a stream of events, which ends well wherever it ends."""

    @property
    def live(self) -> LiveSession:
        """Whose it is."""
        return self._asked.live

    @property
    def placed_at(self) -> str:
        """The target that the credential is for, in normal form; the request's own may be another."""
        return self._asked.server.address.target

    @property
    def listens(self) -> bool:
        """Whether it asks for nothing but to hear what the server says by itself."""
        return self._asked.method == "GET"

    async def run(self) -> None:
        """Send the request and pass its answer on."""
        match self._screened():
            case Answered(body, refusal):
                await self._answered(body, refusal)
            case Passed(body):
                reply = await self._sent(body)
                if reply.status == _UNAUTHORIZED:
                    reply.close()
                    reply = await self._sent_again(body)
                try:
                    self._let_go()
                    await self._pass_on(reply)
                finally:
                    reply.close()
            case never:
                assert_never(never)

    def _screened(self) -> Passed | Answered:
        if self._screen is None or self._asked.method != "POST":
            return Passed(self._body)
        try:
            return self._screen.request(self._client.fields, self._body)
        except Refusal as refusal:
            raise turned(refusal) from None

    async def _answered(self, body: bytes, refusal: Turned) -> None:
        """Answer in the server's stead, as it would answer a wrong call."""
        asked = self._asked
        if asked.target != asked.server.address.request_target:  # its answers come in a stream that is not this one
            raise refusal
        self._around.counters.refused[refusal.code] += 1
        self.live.turned_away(refusal.code, asked.server.destination.host)
        await self._client.start(200, [*_JSON, (b"strongroom-refused", refusal.code.encode())])
        await self._client.finish(body)

    # --- the request --------------------------------------------------------------------------------

    async def _sent(self, body: bytes) -> Reply:
        asked, around = self._asked, self._around
        try:
            plan = self.plan = await self._standing()
            fields = to_server(self._client.fields, plan)
            placed = plan.substituter.placed(self.placed_at, reserved=self._screen is not None)
            if placed is not None:
                fields.append((placed[0], placed[1].decode()))
            put_in = self._put_in(plan, body)
        except Failure as failure:
            raise turned(failure) from None
        around.counters.requests += 1
        around.counters.bytes_to_upstream += len(put_in)
        self._share.moved(len(put_in))
        where = asked.server.destination
        try:
            return await around.upstream.send(asked.live.session.id, where, asked.method, asked.target, fields, put_in)
        except TimeoutError:
            raise _silent(where.authority) from None
        except Failure as failure:
            raise turned(failure, dialling=True) from None

    async def _sent_again(self, body: bytes) -> Reply:
        """Send the request once more with a renewed token, if there is one. Raises a refusal."""
        plan, sent = self.plan, self._placement()
        if plan is None or sent is None:
            raise self._unauthorized()
        try:
            self.plan = await self._standing(Rejected(plan, sent))
        except Failure as failure:
            raise turned(failure) from None
        fresh = self._placement()
        if fresh is None or fresh.secret == sent.secret:
            raise self._unauthorized()
        self._around.counters.replays += 1
        reply = await self._sent(body)
        if reply.status == _UNAUTHORIZED:
            reply.close()
            raise self._unauthorized()
        return reply

    def _placement(self) -> Placement | None:
        """Return the placement that the present plan has for the server."""
        placements = () if self.plan is None else self.plan.plan.placements
        return next((each for each in placements if each.target == self.placed_at), None)

    async def _standing(self, rejected: Rejected | None = None) -> LivePlan:
        """Return a plan that holds: nothing happens between this and its use."""
        for _ in range(_MOST_PLANS):
            where = self._asked.server.destination
            plan = await self._around.delivery.plan(self.live, where, rejected=rejected)
            if plan.live:
                return plan
        raise Turned(EgressCode.UNAVAILABLE, "the credentials change faster than they can be used; try again")

    def _put_in(self, plan: LivePlan, body: bytes) -> bytes:
        """Return the body with its placeholders replaced."""
        if not body or not (plan.plan.swaps or plan.plan.strays):
            return body
        encoding = body_encoding(one(self._client.fields, b"content-type"))
        if encoding is BodyEncoding.MESSAGES:  # not MCP; what would change its lengths is not put in
            encoding = BodyEncoding.RAW
        stream = plan.substituter.body(encoding)
        put_in = stream.feed(body) + stream.finish()
        if len(put_in) > len(body) + self._around.limits.grown_bytes:
            raise Turned(EgressCode.TOO_LARGE, "the request becomes too long by what is put in")
        return put_in

    def _unauthorized(self) -> Turned:
        server = self._asked.server
        where = f"{server.destination.authority}{server.address.target.partition('?')[0]}"
        if server.credential is None:
            sentence = f"MCP server {where} wants a credential, and the session has none for it"
        else:
            sentence = f"MCP server {where} does not accept credential {server.credential}"
        if server.signed:
            shown = f"`strongroom credential show {server.credential} --vault {server.vault}`"
            todo = f"it has to trust the issuer that {shown} names, and expect the audience that it names"
            return Turned(Code.AUTHENTICATION_FAILED, f"{sentence}, an agent identity: {todo}")
        return Turned(
            Code.AUTHENTICATION_FAILED,
            f"{sentence}: run `strongroom connect {server.url.partition('?')[0]}"
            f"{'' if server.vault is None else f' --vault {server.vault}'}`, or store a new token",
        )

    def _let_go(self) -> None:
        """Hold the request no longer: it will not be sent again."""
        self._body = b""
        self._room.give_back()

    # --- the answer ---------------------------------------------------------------------------------

    async def _pass_on(self, reply: Reply) -> None:
        status, plan = reply.status, self.plan
        if plan is None or status < 200:  # noqa: PLR2004 - what is no answer yet (RFC 9110 15.2)
            raise turned(bad_reply("the MCP server did not answer"))
        if 300 <= status < 400:  # noqa: PLR2004 - redirects: their targets were judged by nobody (RFC 9110 15.4)
            where = self._asked.server.destination.authority
            raise Turned(
                Code.REDIRECTED,
                f"MCP server {where} answers with a redirect, which is not followed: store the URL that it leads to",
            )
        content_type = media_type(one(reply.fields, b"content-type"))
        try:
            body = AnswerBody(reply.fields, sent=plan.sent, rewritings=self._rewritings(content_type))
        except Refusal as refusal:
            raise turned(refusal) from None
        self.streams = content_type == EVENTS
        await self._client.start(status, to_client(reply.fields, plan.scrubber))
        try:
            while piece := await reply.piece():
                for settled in body.feed(piece):
                    await self._write(settled)
            await self._client.finish(self._counted(body.finish()))
        except TimeoutError:
            if not self.streams:
                raise _silent(self._asked.server.destination.authority) from None
            await self._client.finish()  # a client that still wants to hear more asks again
        except (Refusal, Failure) as failure:
            raise turned(failure) from None

    def _rewritings(self, content_type: bytes) -> Sequence[Rewriting]:
        rewritings: list[Rewriting] = []
        if self.listens and content_type == EVENTS:
            around, asked = self._around, self._asked
            rewritings.append(EndpointRewriting(around.endpoints, asked.live.session.id, asked.server))
        screening = self._screen.reply(content_type) if self._screen is not None else None
        return rewritings if screening is None else [*rewritings, screening]

    async def _write(self, piece: bytes) -> None:
        if piece:
            await self._client.write(self._counted(piece))

    def _counted(self, piece: bytes) -> bytes:
        self._around.counters.bytes_to_client += len(piece)
        self._share.moved(len(piece))
        return piece


def _silent(where: str) -> Turned:
    return Turned(EgressCode.UPSTREAM_TIMEOUT, f"{where} did not answer in time")
