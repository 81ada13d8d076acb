"""The door that all dialects share: who is calling, what may come in, and how every answer leaves.

A request passes in this order (contract anthropic-vaults 1.7): route, key, the dialect's headers,
rate, body size, JSON syntax, fields, and then the use case. Rules kept here:
- routes match the path as it was sent; a segment is decoded after that, so `%2F` is part of an id;
- nothing is ever answered with a redirect: clients would send secrets to the new place;
- every answer has a request id; whose it is stands on it once the key is known;
- no answer and no log line repeats what was sent.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, final
from urllib.parse import unquote

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRouter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from strongroom import __version__
from strongroom.core.failures import Failure, Invalid, NotAuthenticated, Unable, UpstreamFailure
from strongroom.core.grants import Principal
from strongroom.core.ids import REQUEST, NewId
from strongroom.core.overriding import override
from strongroom.core.secret import Secret
from strongroom.dialects.bodies import ReadRequest, read, require_nothing
from strongroom.dialects.manner import PLAIN, Manner
from strongroom.dialects.openapi import Parameter, Responses, document, operation_id, referred
from strongroom.dialects.rates import Rates
from strongroom.dialects.refusals import Crashed, NoRoute, WrongMethod, explained
from strongroom.dialects.replies import JSON
from strongroom.dialects.unread_route import UnreadRoute
from strongroom.dialects.validation import malformed
from strongroom.services.idempotency import Idempotency, Reply

_log = logging.getLogger(__name__)

Run = Callable[[Request], Awaitable[Response]]
"""FastAPI's own part: parse the fields and run the endpoint."""


class Authenticates(Protocol):
    """Knows who presents a key or token of the one class that a dialect takes."""

    async def principal(self, key: Secret | None) -> Principal:
        """Return who holds it. Raises `NotAuthenticated`."""


class Conventions(Protocol):
    """What one dialect asks for in headers, and how it words a refusal.

    `responses` and `parameters` describe both for the OpenAPI document: the shapes of refusals by
    status, and the headers that every request carries.
    """

    responses: Responses
    parameters: Sequence[Parameter]

    def check(self, headers: Headers, principal: Principal) -> None:
        """Raise a failure for headers that the dialect does not take."""

    def refusal(self, failure: Failure, request_id: str) -> Response:
        """Return the answer to a failure; `Unable` and unknown ones included."""


_READS = frozenset({"GET", "HEAD"})
"""What may be sent again without a thought."""


def caller(request: Request) -> Principal:
    """Return who is calling; endpoints are reached with a known key only."""
    principal: Principal = request.state.principal
    return principal


@final
class Door:
    """One dialect's ASGI application. Add routes to `router`, which makes them `DoorRoute`s.

    `filling` knows, beside keys, the tokens of programs that fill logins, for the routes that take them.
    """

    def __init__(  # noqa: PLR0913 - one argument per thing that happens at a door
        self,
        *,
        title: str,
        authentication: Authenticates,
        idempotency: Idempotency,
        conventions: Conventions,
        new_id: NewId,
        rates: Rates | None = None,
        manner: Manner = PLAIN,
        filling: Authenticates | None = None,
    ) -> None:
        self._authentication = authentication
        self._filling = filling or authentication
        self._idempotency = idempotency
        self._conventions = conventions
        self._new_id = new_id
        self._rates = rates
        self._manner = manner
        self.app = FastAPI(
            title=title,
            version=__version__,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            responses=referred(conventions.responses),
            generate_unique_id_function=operation_id,
        )
        self.app.state.door = self
        self.app.router.route_class = DoorRoute
        self.app.add_exception_handler(HTTPException, self._unrouted)

    @property
    def router(self) -> APIRouter:
        """Where routes are added."""
        return self.app.router

    def document(self, *, servers: Sequence[str] = ("/",)) -> bytes:
        """Return the OpenAPI document."""
        for route in self.router.routes:
            if isinstance(route, UnreadRoute):
                route.read()
        creates = frozenset(route.name for route in self.router.routes if isinstance(route, CreateRoute))
        said = self._conventions
        written = document(
            self.app, responses=said.responses, parameters=said.parameters, creates=creates, servers=servers
        )
        return msgspec.json.encode(written)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id, route on the path as it was sent, and sign every answer."""
        request_id = self._new_id(REQUEST)
        state: dict[str, object] = {"request_id": request_id}

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in self._manner.request_id_headers:
                    headers[name] = request_id
                headers.update(self._manner.stamped)
                principal = state.get("principal")
                if isinstance(principal, Principal):
                    headers.update(self._manner.owned(principal))
            await send(message)

        sent_path = scope["raw_path"].decode("ascii", "replace")
        await self.app({**scope, "path": sent_path, "state": state}, receive, signed)

    async def handle(
        self, request: Request, run: Run, *, creates: bool, takes_body: bool, fills: bool = False
    ) -> Response:
        """Answer one routed request; whatever happens, with an answer of this dialect."""
        began = False

        async def begin(whole: ReadRequest) -> Response:
            nonlocal began
            began = creates
            return await run(whole)

        try:
            _decode_path(request)
            principal = await self._caller(request.headers, self._filling if fills else self._authentication)
            request.state.principal = principal
            self._conventions.check(request.headers, principal)
            if self._rates is not None:
                self._rates.take(principal, creates=creates)
            whole = await self._read(request, takes_body=takes_body)
            key = request.headers.get("idempotency-key")
            if creates and key is not None:
                return await self._once(principal, key, whole, begin)
            return await begin(whole)
        except Exception as error:  # noqa: BLE001 - the last place that can word an answer
            failure = _failure(error, request)
            answer = self._conventions.refusal(failure, request.state.request_id)
            answer.headers.update(explained(failure))
            if began and answer.status_code >= 500:  # noqa: PLR2004 - HTTP server errors
                # It may have been created: clients that repeat by themselves would make a second one.
                answer.headers["x-should-retry"] = "false"
            if answer.status_code == 503 and request.method in _READS:  # noqa: PLR2004 - HTTP
                answer.headers.setdefault("retry-after", "1")
            return answer

    async def _caller(self, headers: Headers, who: Authenticates) -> Principal:
        try:
            return await who.principal(self._manner.presented(headers))
        except NotAuthenticated:
            otherwise = self._manner.otherwise_presented
            other = None if otherwise is None else otherwise(headers)
            if other is None:
                raise
            return await who.principal(other)

    async def _read(self, request: Request, *, takes_body: bool) -> ReadRequest:
        manner = self._manner
        if takes_body:
            return await read(request, most=manner.max_body, parse=manner.parse)
        if manner.ignores_stray_bodies:
            return await read(request, most=manner.max_body, parse=None)
        whole = await read(request, most=manner.max_body, parse=manner.parse)
        require_nothing(whole)
        return whole

    async def _once(
        self, principal: Principal, key: str, whole: ReadRequest, begin: Callable[[ReadRequest], Awaitable[Response]]
    ) -> Response:
        fresh = False

        async def create() -> Reply:
            nonlocal fresh
            fresh = True
            answer = await begin(whole)
            return Reply(answer.status_code, bytes(answer.body))

        route = f"{whole.method} {whole.scope['path']}"
        kept = await self._idempotency.once(principal, key, route=route, body=await whole.body(), create=create)
        headers = None if fresh else {"idempotent-replayed": "true"}
        return Response(kept.body, status_code=kept.status, headers=headers, media_type=JSON)

    async def _unrouted(self, request: Request, error: Exception) -> Response:
        allowed = _methods(request) if isinstance(error, HTTPException) and error.status_code == 405 else []  # noqa: PLR2004
        failure = WrongMethod(allowed) if allowed else NoRoute()
        answer = self._conventions.refusal(failure, request.state.request_id)
        if allowed:
            answer.headers["allow"] = ", ".join(allowed)
        return answer


class DoorRoute(UnreadRoute):
    """A route whose requests pass the door before FastAPI looks at their fields."""

    creates = False
    fills = False

    @override
    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]  # awaited only
        run = super().get_route_handler()
        creates, takes_body, fills = self.creates, self.body_field is not None, self.fills

        async def handle(request: Request) -> Response:
            door: Door = request.app.state.door
            return await door.handle(request, run, creates=creates, takes_body=takes_body, fills=fills)

        return handle


@final
class CreateRoute(DoorRoute):
    """A route that makes something: a repeat with the same `Idempotency-Key` gets the first answer."""

    creates = True


@final
class FillRoute(DoorRoute):
    """A route that takes, besides a key, the token of a program that fills logins for one session."""

    fills = True


def _decode_path(request: Request) -> None:
    # A NUL can be in no id, and not every database can be asked for one.
    decoded = {name: unquote(text).replace("\0", "\ufffd") for name, text in request.path_params.items()}
    request.scope["path_params"] = decoded


def _methods(request: Request) -> list[str]:
    scope = {**request.scope, "path_params": {}}
    matching = (route for route in request.app.router.routes if route.matches(scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in route.methods})


def _failure(error: Exception, request: Request) -> Failure:
    if isinstance(error, Failure):
        if isinstance(error, Unable | UpstreamFailure):  # the caller gets a steady sentence, the log the reason
            _log.warning("%s %s: %s: %s", request.method, request.scope["route"].path, type(error).__name__, error)
        return error
    if isinstance(error, RequestValidationError):
        return malformed(error)
    if isinstance(error, HTTPException):
        return Invalid("could not be read", field="body")
    # The error's own words are left out: they may quote what was sent.
    where = "".join(traceback.format_tb(error.__traceback__))
    name = request.scope["route"].path
    _log.error("%s %s crashed with %s\n%s", request.method, name, type(error).__name__, where)
    return Crashed()
