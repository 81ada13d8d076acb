"""From a request to an upstream's answer: which routes are tried, how often, and with what (contract 4.5).

Rules kept here:
- a secret is asked for anew before everything that is sent: what was rotated meanwhile is not sent any more;
- nothing is tried once an answer has begun to pass, and never more often than `Limits.attempts` in all;
- each failure decides by itself: the same route again (a 429 that it has patience for; a cloud's token that can be
  renewed), the next route, or the end.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, assert_never, final

from strongroom.core.failures import Failure, Unavailable
from strongroom.core.llm import cooldowns
from strongroom.core.llm.cooldowns import Cooldown
from strongroom.core.llm.cooldowns import Resting as Reason
from strongroom.core.llm.families import Operation
from strongroom.core.llm.routes import Route
from strongroom.core.llm.schemes import Placing
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import digest
from strongroom.delivery.llm.callers import Caller, not_passed, not_valid, nothing_to_pass
from strongroom.delivery.llm.counters import ANSWERED
from strongroom.delivery.llm.documents import Document
from strongroom.delivery.llm.outcomes import Failed, judged, told, unanswered, whole_seconds
from strongroom.delivery.llm.placing import placed, plain_key, revealed
from strongroom.delivery.llm.ports import Reply
from strongroom.delivery.llm.record import Record
from strongroom.delivery.llm.refusals import Code, Turned
from strongroom.delivery.llm.resting import Place
from strongroom.delivery.llm.shaping import Shape
from strongroom.delivery.llm.surroundings import Surroundings
from strongroom.services.llm_cloud import Authorization, CredentialUnavailable, ExchangeRefused, Unsigned
from strongroom.services.llm_routing import INVALID_KEY, Outdated, Refused, Resolved

_MOST_LOOKS = 5
"""At routes that have changed before they could be used."""

_REASONS: Final = {
    Code.AUTH_FAILED: Reason.AUTH_FAILED,
    Code.UPSTREAM_ERROR: Reason.PROVIDER_ERRORS,
    Code.UNREACHABLE: Reason.UNAVAILABLE,
    Code.TIMEOUT: Reason.UNAVAILABLE,
}
"""Of the failures that count together."""

_SENTENCES: Final = {
    Code.MODEL_NOT_FOUND: "there is no model of that name for this key",
    Code.NO_ROUTE: "no route to the model is enabled and healthy",
    Code.UNSUPPORTED_DIALECT: "the model's upstream does not speak this format; ask in the other one",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client wants. `fields` are those of its own that pass."""

    operation: Operation
    caller: Caller
    document: Document
    fields: list[tuple[str, str]]
    beta: bool


@final
class Due:
    """How long an upstream may take: for all of its answer, or in a stream for each piece."""

    __slots__ = ("_at", "_idle")

    def __init__(self, route: Route, *, streams: bool) -> None:
        self._idle = route.stream_idle_timeout if streams else None
        self._at = None if streams else asyncio.get_running_loop().time() + route.request_timeout

    def limit(self) -> AbstractAsyncContextManager[object]:
        """Raise `TimeoutError` within it when time is up."""
        return asyncio.timeout_at(self._at) if self._idle is None else asyncio.timeout(self._idle)


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to pass on. `first` is the first piece of a good one."""

    route: Route
    reply: Reply
    first: bytes
    due: Due
    authorization: Authorization


@final
class Trying:
    """Run it once."""

    def __init__(self, asked: Asked, record: Record, around: Surroundings) -> None:
        self._asked = asked
        self._record = record
        self._around = around
        token = asked.caller.token
        self._token = b"" if token is None else digest(token)
        self._last: Turned | None = None

    async def answer(self) -> Answer:
        """Return the first answer that can be passed on. Raises `Turned` where there is none."""
        for _ in range(_MOST_LOOKS):
            try:
                return await self._looked()
            except Outdated:
                continue
        raise Turned(Code.UNAVAILABLE, "the routes change faster than they can be used; try again", retry_after=1)

    async def _looked(self) -> Answer:
        resolved = await self._resolved()
        routes = [(route, self._place(route)) for route in self._fitting(resolved)]
        for route, place in self._around.resting.awake(routes):
            if len(self._record.attempts) >= self._around.limits.attempts:
                break
            probes = self._around.resting.begins(place)
            try:
                outcome = await self._through(resolved, route, place)
            finally:
                if probes:
                    self._around.resting.probed(place)
            if isinstance(outcome, Answer):
                return outcome
            self._last = outcome.refusal
        raise self._last or self._around.resting.nobody_awake(place for _, place in routes)

    async def _resolved(self) -> Resolved:
        asked = self._asked
        found = await self._around.routes.resolve(asked.caller.digest, asked.document.model, asked.operation)
        match found:
            case Resolved():
                return found
            case Refused(code=code) if code == INVALID_KEY:
                raise not_valid()
            case Refused(code=code):
                known = Code(code)
                raise Turned(known, _SENTENCES[known], retry_after=1 if known is Code.NO_ROUTE else None)
            case never:
                assert_never(never)

    def _fitting(self, resolved: Resolved) -> list[Route]:
        """Return the routes that what the client brought is good for (contract 4.8)."""
        brought = self._asked.caller.token is not None
        of_client = [route for route in resolved.candidates if route.way.placing is Placing.OF_CLIENT]
        if brought and not of_client:
            raise not_passed()
        if brought or not of_client:
            return list(resolved.candidates)
        managed = [route for route in resolved.candidates if route.way.placing is not Placing.OF_CLIENT]
        if not managed:
            raise nothing_to_pass()
        return managed

    def _place(self, route: Route) -> Place:
        return self._around.resting.place(route, self._token if route.way.placing is Placing.OF_CLIENT else b"")

    async def _through(self, resolved: Resolved, route: Route, place: Place) -> Answer | Failed:
        """Try one route as often as it may be."""
        around, patience = self._around, route.mapping.patience
        waits, renewed = 0, False
        while True:
            outcome = await self._once(resolved, route, renews=renewed)
            if isinstance(outcome, Answer):
                around.resting.becomes(place, cooldowns.succeeded(around.resting.state(place)))
                return outcome
            may_again = len(self._record.attempts) < around.limits.attempts
            if outcome.code is Code.RATE_LIMITED and may_again and waits < patience.retry_on_429_count:
                waits += 1
                await asyncio.sleep(self._pause(patience.retry_on_429_max_wait_secs, outcome))
                continue
            if outcome.status == 401 and route.way.scheme.is_minted and may_again and not renewed:  # noqa: PLR2004 - HTTP
                renewed = True
                continue
            around.resting.becomes(place, self._after(route, place, outcome))
            return outcome

    def _pause(self, most: int, outcome: Failed) -> float:
        """Return how long a 429 is waited out (contract 4.5). Without patience an upstream's wish is not asked for."""
        if not most:
            return self._around.limits.retry_seconds * (0.5 + self._around.jitter())
        return float(most) if outcome.again_in is None else min(outcome.again_in, float(most))

    def _after(self, route: Route, place: Place, outcome: Failed) -> Cooldown:
        """Return a route's state after a failure."""
        state, now = self._around.resting.state(place), self._around.clock()
        patience = route.mapping.patience
        if outcome.code is Code.RATE_LIMITED:
            seconds = patience.cooldown_429_default_secs if outcome.again_in is None else outcome.again_in
            outcome.refusal.retry_after = whole_seconds(seconds)
            return cooldowns.rate_limited(state, patience, now, outcome.again_in)
        if outcome.code is Code.OVERLOADED:
            return cooldowns.overloaded(state, patience, now, outcome.again_in)
        reason = _REASONS.get(outcome.code)
        return state if reason is None else cooldowns.failed(state, patience, now, reason)

    async def _once(self, resolved: Resolved, route: Route, *, renews: bool) -> Answer | Failed:
        """Send one request. What is nobody's to repeat is raised as `Turned`."""
        asked, around = self._asked, self._around
        began = asyncio.get_running_loop().time()
        shape = around.shapes.of(route, asked.operation, streams=asked.document.streams)
        target = shape.request_target(beta=asked.beta)
        fields = shape.request_fields(asked.fields)
        body = shape.request_body(asked.document, route.mapping.upstream_model)
        try:
            authorization = await self._authorized(resolved, route, _Sent(shape, target, fields, body), renews=renews)
        except Turned as turned:
            self._noted(route, began, None, turned.code)
            return Failed(turned)
        due = Due(route, streams=asked.document.streams)
        around.counters.bytes_to_upstream += len(body)
        reply: Reply | None = None
        failed: Failed | None = None
        first, passed = b"", False
        try:
            async with due.limit():
                reply = await around.upstream.send(
                    shape.whose, shape.destination, "POST", target, _laid_over(fields, revealed(authorization)), body
                )
                of_client = route.way.placing is Placing.OF_CLIENT
                failed = judged(reply, route.provider.name, is_of_client=of_client, now=around.clock())
                if failed is None and reply.status < 300:  # noqa: PLR2004 - HTTP
                    first = await reply.piece()
            passed = failed is None
        except TimeoutError:
            failed = Failed(told(Code.TIMEOUT, route.provider.name))
        except Failure as failure:
            failed = unanswered(failure, route.provider.name)
        except Turned as turned:
            self._noted(route, began, None if reply is None else reply.status, turned.code)
            raise
        finally:
            if reply is not None and not passed:
                reply.close()
        status = reply.status if reply is not None else None
        self._noted(route, began, status, None if failed is None else failed.code)
        if failed is not None:
            if failed.code is Code.AUTH_FAILED:
                around.health.rejected(route)
            return failed
        assert reply is not None  # noqa: S101 - nothing failed
        if reply.status < 300:  # noqa: PLR2004 - HTTP
            around.health.answered(route)
        return Answer(route, reply, first, due, authorization)

    def _noted(self, route: Route, began: float, status: int | None, code: Code | None) -> None:
        self._around.counters.attempts[ANSWERED if code is None else code.value] += 1
        self._record.tried(route, began, status, code)

    async def _authorized(self, resolved: Resolved, route: Route, sent: "_Sent", *, renews: bool) -> Authorization:
        """Return what the request is sent with. Raises `Turned` and `Outdated`."""
        placing = route.way.placing
        try:
            material = await self._around.secrets.of(resolved, route)
            if placing is Placing.OF_CLIENT:
                return placed(placing, self._asked.caller.token or Secret(""))
            if not route.way.scheme.is_cloud:
                return placed(placing, plain_key(material))
            unsigned = Unsigned(
                method="POST", url=sent.shape.url(sent.target), fields=tuple(sent.fields), body=sent.body
            )
            return await self._around.cloud.authorize(route, material, unsigned, rejected=renews)
        except Unavailable:
            raise Turned(Code.UNAVAILABLE, "the gateway cannot use its credentials now", retry_after=1) from None
        except (CredentialUnavailable, Failure):
            sentence = f"there is no credential to use for provider {route.provider.name}"
            raise Turned(Code.CREDENTIAL_UNAVAILABLE, sentence) from None
        except ExchangeRefused:
            raise told(Code.AUTH_FAILED, route.provider.name) from None


@final
@dataclass(frozen=True, slots=True)
class _Sent:
    """A request but for what authenticates it."""

    shape: Shape
    target: str
    fields: list[tuple[str, str]]
    body: bytes


def _laid_over(fields: list[tuple[str, str]], last: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return fields with others in the place of those of the same name: what authenticates is never beside another."""
    names = {name.lower() for name, _ in last}
    return [*(field for field in fields if field[0].lower() not in names), *last]
