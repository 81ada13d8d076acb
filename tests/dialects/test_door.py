"""The door, with a dialect of two routes: what it does for every dialect alike."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, final

import httpx
import pytest
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from strongroom.core.actions import ALL_SCOPES
from strongroom.core.binding import Binding
from strongroom.core.failures import Failure, NotAuthenticated, TooLarge, Unable, Unavailable
from strongroom.core.grants import Principal
from strongroom.core.ids import KeyId, OrganizationId, WorkspaceId
from strongroom.core.secret import Secret
from strongroom.core.tenants import ApiKey
from strongroom.crypto.tokens import digest
from strongroom.dialects.bodies import MAX_BODY
from strongroom.dialects.door import CreateRoute, Door, caller
from strongroom.dialects.front import Front
from strongroom.dialects.manner import PLAIN, Manner
from strongroom.dialects.openapi import Parameter
from strongroom.dialects.refusals import NoRoute, WrongMethod
from strongroom.dialects.replies import reply
from strongroom.dialects.secret_fields import SecretText
from strongroom.services.authentication import Authentication
from strongroom.services.idempotency import Idempotency
from strongroom.services.ports import StoredReply
from strongroom.testing.clock import FrozenClock
from strongroom.testing.entropy import CountingEntropy

SENTINEL = "s3ntinel-that-must-not-come-back"
KEY = "a-key-that-is-long-enough"


@final
class OneKey:
    """Tenants that know one key."""

    async def key_by_digest(self, asked: bytes) -> ApiKey | None:
        if asked != digest(Secret(KEY)):
            return None
        return ApiKey(
            id=KeyId("key_1"),
            organization=OrganizationId("org_1"),
            workspace=WorkspaceId("wrkspc_1"),
            name=None,
            hint="",
            scopes=ALL_SCOPES,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


@final
class RememberedReplies:
    """Kept answers, in memory."""

    def __init__(self) -> None:
        self._kept: dict[bytes, StoredReply] = {}

    async def claim(self, key: bytes, fingerprint: bytes, *, now: datetime, expired: datetime) -> StoredReply | None:
        found = self._kept.get(key)
        if found is None or found.claimed_at < expired:
            self._kept[key] = StoredReply(fingerprint=fingerprint, claimed_at=now)
            return None
        return found

    async def settle(self, key: bytes, sealed: bytes) -> None:
        left = self._kept[key]
        self._kept[key] = StoredReply(fingerprint=left.fingerprint, claimed_at=left.claimed_at, sealed=sealed)

    async def release(self, key: bytes) -> None:
        self._kept.pop(key, None)


@final
class PlainSeal:
    """Seals nothing: what is sealed is not the matter here."""

    async def seal(self, binding: Binding, plaintext: bytes) -> bytes:
        return plaintext

    async def open(self, binding: Binding, envelope: bytes) -> bytes:
        return envelope


@final
class Plain:
    """A dialect that says a failure's class and words."""

    responses: Mapping[int | str, dict[str, Any]] = {}
    parameters: Sequence[Parameter] = ()
    statuses: Mapping[type[Failure], int] = {
        NotAuthenticated: 401,
        NoRoute: 404,
        WrongMethod: 405,
        TooLarge: 413,
    }

    def check(self, headers: Headers, principal: Principal) -> None:
        if headers.get("x-down"):
            raise Unavailable("down before anything was made")

    def refusal(self, failure: Failure, request_id: str) -> Response:
        status = 500 if isinstance(failure, Unable) else self.statuses.get(type(failure), 400)
        words = {"failure": type(failure).__name__, "words": str(failure), "request_id": request_id}
        return reply(words, status=status)


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    token: Annotated[Secret, SecretText(most=8)] | None = None


@dataclass
class Things:
    made: int = 0

    async def create(self, request: Request, thing: Thing) -> Response:
        self.made += 1
        if thing.name == "crash":
            raise RuntimeError(f"lost {SENTINEL}")
        if thing.name == "down":
            raise Unavailable("the store does not answer")
        return reply({"made": self.made, "by": caller(request).id, "padding": [1, 2]})

    async def show(self, request: Request, thing_id: str) -> Response:
        return reply({"id": thing_id})

    async def archive(self, request: Request, thing_id: str) -> Response:
        return reply({"archived": thing_id})


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def things() -> Things:
    return Things()


@asynccontextmanager
async def served(things: Things, clock: FrozenClock, manner: Manner = PLAIN) -> AsyncIterator[httpx.AsyncClient]:
    door = Door(
        title="things",
        authentication=Authentication(tenants=OneKey()),  # type: ignore[arg-type]  # asks for one method only
        idempotency=Idempotency(replies=RememberedReplies(), seal=PlainSeal(), clock=clock, secret=b"k"),
        conventions=Plain(),
        new_id=CountingEntropy().new_id,
        manner=manner,
    )
    door.router.add_api_route("/v1/things", things.create, methods=["POST"], route_class_override=CreateRoute)
    door.router.add_api_route("/v1/things/{thing_id}", things.show, methods=["GET"])
    door.router.add_api_route("/v1/things/{thing_id}/archive", things.archive, methods=["POST"])
    transport = httpx.ASGITransport(door)
    headers = {"x-api-key": KEY}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as made:
        yield made


@pytest.fixture
async def client(things: Things, clock: FrozenClock) -> AsyncIterator[httpx.AsyncClient]:
    async with served(things, clock) as made:
        yield made


async def test_every_answer_has_its_own_request_id_and_a_failed_one_says_it_in_its_body(
    client: httpx.AsyncClient,
) -> None:
    answers = [
        await client.get("/v1/things/a"),
        await client.get("/v1/nothing"),
        await client.put("/v1/things"),
        await client.get("/v1/things/a", headers={"x-api-key": "wrong"}),
        await client.post("/v1/things", json={}),
    ]
    ids = [answer.headers["request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(id_.startswith("req_") for id_ in ids)
    assert [answer.json().get("request_id") for answer in answers[1:]] == ids[1:]


async def test_whose_it_is_stands_on_an_answer_once_the_key_is_known_where_a_dialect_says_it(
    things: Things, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    async with served(things, clock, Manner(owned=lambda who: {"whose": who.organization})) as telling:
        assert (await telling.post("/v1/things", json={})).headers["whose"] == "org_1"
        assert "whose" not in (await telling.get("/v1/things/a", headers={"x-api-key": "wrong"})).headers
    assert "whose" not in (await client.post("/v1/things", json={})).headers


async def test_a_body_that_no_route_reads_is_an_error_or_not_looked_at_as_the_dialect_says(
    things: Things, clock: FrozenClock, client: httpx.AsyncClient
) -> None:
    url = "/v1/things/a/archive"
    assert (await client.post(url, json={"a": 1})).status_code == 400
    async with served(things, clock, Manner(ignores_stray_bodies=True, max_body=100)) as careless:
        assert (await careless.post(url, json={"a": 1})).json() == {"archived": "a"}
        assert (await careless.post(url, content=b"{no json")).json() == {"archived": "a"}
        assert (await careless.post(url, content=b"x" * 101)).status_code == 413


async def test_an_encoded_slash_is_part_of_an_id_and_never_of_the_route(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/things/x%2Fy")).json() == {"id": "x/y"}
    assert (await client.post("/v1/things/x%2Farchive")).status_code == 405
    assert (await client.post("/v1/things/x/archive")).json() == {"archived": "x"}
    assert (await client.get("/v1/things/%61%3F%00")).json() == {"id": "a?\ufffd"}


async def test_a_path_with_a_slash_at_its_end_is_not_redirected(client: httpx.AsyncClient) -> None:
    for path in ("/v1/things/", "/v1/things//", "/v1/things/a/"):
        assert (await client.post(path, json={"name": "a"})).status_code == 404


async def test_another_method_is_refused_with_those_that_the_path_takes(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/v1/things/a")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": KEY}, 200),
        ({"x-api-key": "", "authorization": f"bearer {KEY}"}, 200),
        ({"x-api-key": KEY, "authorization": "Bearer wrong"}, 200),
        ({"x-api-key": "wrong", "authorization": f"Bearer {KEY}"}, 401),
        ({"x-api-key": "", "authorization": f"Basic {KEY}"}, 401),
        ({"x-api-key": ""}, 401),
    ],
)
async def test_the_api_key_header_wins_over_the_bearer_token(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.get("/v1/things/a", headers=headers)).status_code == status


async def test_nothing_of_the_body_is_read_before_the_key_is_known(client: httpx.AsyncClient) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"{", b"}"):
            read.append(piece)
            yield piece

    answer = await client.post("/v1/things", content=body(), headers={"x-api-key": "wrong"})
    assert (answer.status_code, read) == (401, [])


async def test_a_body_over_the_cap_is_refused_and_reading_stops_there(client: httpx.AsyncClient) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b" " * 65536

    answer = await client.post("/v1/things", content=pieces())
    assert answer.status_code == 413
    assert sent <= MAX_BODY + 2 * 65536
    announced = await client.post("/v1/things", content=b" " * (MAX_BODY + 1))
    assert announced.status_code == 413


async def test_a_body_just_at_the_cap_is_read(client: httpx.AsyncClient) -> None:
    body = b'{"name":"a"}'.ljust(MAX_BODY)
    answer = await client.post("/v1/things", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"name":"\xff"}', b'{"name":NaN}', b'{"name":"a"} x', b"[" * 100_000, b'{"name":"\\ud800"}'],
)
async def test_what_is_not_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/things", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["words"]) == (400, "body: must be valid JSON")


async def test_a_body_of_another_type_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", content=b'{"name":"a"}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["words"]) == (400, "content-type: must be application/json")


async def test_a_route_without_fields_takes_no_body_or_an_empty_object(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/things/a/archive", headers={"content-type": "application/json"})).status_code == 200
    assert (await client.post("/v1/things/a/archive", json={})).status_code == 200
    assert (await client.post("/v1/things/a/archive", json={"force": True})).status_code == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name: is required"),
        ({"name": 1}, "name: must be a string"),
        ({"name": "a", "tokn": SENTINEL}, "tokn: is not a field that can be set here"),
        ({"name": "a", "token": SENTINEL}, "token: must have 1 to 8 characters"),
        ({"name": "a", "token": {SENTINEL: SENTINEL}}, "token: must be a string"),
        ([SENTINEL], "body: must be an object"),
        (SENTINEL, "body: must be an object"),
        ({"name": True, "x": SENTINEL}, "name: must be a string; x: is not a field that can be set here"),
    ],
)
async def test_a_refused_field_is_named_with_its_rule_and_without_its_value(
    client: httpx.AsyncClient, body: object, words: str
) -> None:
    answer = await client.post("/v1/things", json=body)
    assert (answer.status_code, answer.json()["words"]) == (400, words)
    assert SENTINEL not in answer.text


async def test_a_crash_says_nothing_of_what_was_sent_neither_to_the_caller_nor_in_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.post("/v1/things", json={"name": "crash"})
    assert (answer.status_code, answer.json()["failure"]) == (500, "Crashed")
    assert "POST /v1/things crashed with RuntimeError" in caplog.text
    assert SENTINEL not in answer.text + caplog.text


async def test_a_create_that_may_have_happened_tells_clients_not_to_repeat_it(client: httpx.AsyncClient) -> None:
    for name in ("crash", "down"):
        assert (await client.post("/v1/things", json={"name": name})).headers["x-should-retry"] == "false"
    before = await client.post("/v1/things", json={"name": "a"}, headers={"x-down": "1"})
    assert before.status_code == 500
    assert "x-should-retry" not in before.headers


async def test_a_create_repeated_with_its_key_gets_the_first_answer(
    client: httpx.AsyncClient, things: Things, clock: FrozenClock
) -> None:
    key = {"idempotency-key": "k1"}
    first = await client.post("/v1/things", json={"name": "a"}, headers=key)
    again = await client.post("/v1/things", json={"name": "a"}, headers=key)
    assert things.made == 1
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = await client.post("/v1/things", json={"name": "b"}, headers=key)
    assert other.status_code == 400
    clock.advance(timedelta(hours=25))
    assert (await client.post("/v1/things", json={"name": "a"}, headers=key)).json()["made"] == 2


async def test_a_create_that_was_refused_leaves_its_key_free(client: httpx.AsyncClient, things: Things) -> None:
    key = {"idempotency-key": "k2"}
    assert (await client.post("/v1/things", json={}, headers=key)).status_code == 400
    assert (await client.post("/v1/things", json={"name": "crash"}, headers=key)).status_code == 500
    assert (await client.post("/v1/things", json={"name": "a"}, headers=key)).status_code == 200


async def test_the_front_hands_on_by_the_longest_prefix_and_takes_a_path_prefix_off() -> None:
    seen: list[tuple[str, str]] = []

    def app(name: str) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append((name, scope["raw_path"].decode()))
            await Response()(scope, receive, send)

        return answer

    async def ready() -> None:
        raise Unavailable("the database does not answer")

    async def metrics() -> bytes:
        return b"up 1\n"

    apps = {"/v1": app("short"), "/v1/things": app("long")}
    front = Front(apps=apps, ready=ready, metrics=metrics, path_prefix="/under/here")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://here") as client:
        for path in ("/v1/x", "/v1/things/1", "/v1/thingsx", "/under/here/v1/things%2F1", "/under/here/v1/things"):
            await client.get(path)
        assert seen == [
            ("short", "/v1/x"),
            ("long", "/v1/things/1"),
            ("short", "/v1/thingsx"),
            ("short", "/v1/things%2F1"),
            ("long", "/v1/things"),
        ]
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        not_ready = await client.get("/readyz")
        assert (not_ready.status_code, not_ready.json()) == (503, {"status": "the database does not answer"})
        assert (await client.get("/under/here/metrics")).text == "up 1\n"
        assert (await client.get("/v10")).status_code == 404
        assert json.loads((await client.get("/nope")).content) == {"status": "there is nothing at this path"}
        assert (await client.post("/healthz")).status_code == 405
