"""A server that rejects a token: the request is sent again with another, once, and no client is asked to sign in."""

from dataclasses import dataclass

from strongroom.core.failures import Failure, Unavailable
from strongroom.core.overriding import override
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.services.live import LivePlan, LiveSession, Rejected
from tests.delivery.egress.doubles import MARKER, SECRET, placement
from tests.delivery.mcp.running import HOST, Servers, answering, message, refusal, rig
from tests.delivery.mcp.scripted import EVENTS, OK, Request, Scripted, chunk, reply
from tests.delivery.mcp.servers import streamable
from tests.delivery.mcp.test_python_client import client
from tests.delivery.mcp.test_streaming import QUICK, opened

FRESH = "a token that is good, and secret"


@dataclass(kw_only=True)
class Renewing(Servers):
    """Another token is there for whoever has one rejected."""

    fresh: str | Failure | None = FRESH

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.placements = (placement("/mcp"),)
        if isinstance(self.fresh, str):
            self.after_rejection = (placement("/mcp", self.fresh),)

    @override
    async def plan(self, live: LiveSession, destination: Destination, *, rejected: Rejected | None = None) -> LivePlan:
        if rejected is not None and isinstance(self.fresh, Failure):
            raise self.fresh
        return await super().plan(live, destination, rejected=rejected)


def wants(token: str) -> Scripted:
    def answer(request: Request) -> bytes:
        if request.all(b"authorization") == [f"Bearer {token}".encode()]:
            return EVENTS if request.line.startswith(b"GET") else OK
        return reply(b"no: " + request.all(b"authorization")[0], b"WWW-Authenticate: Bearer", status=b"401 No")

    return Scripted(answer)


async def test_the_request_is_sent_again_as_it_was() -> None:
    server, delivery = wants(FRESH), Renewing()
    async with answering(server) as port, rig(port, delivery=delivery) as running:
        body = message(id=7, method="tools/call")
        assert (await running.ask(body=body, headers={"mcp-session-id": "s"})).json() == {}
        assert running.counters.replays == 1
    first, second = server.seen
    assert (first.body, first.all(b"mcp-session-id")) == (second.body, second.all(b"mcp-session-id")) == (body, [b"s"])
    assert delivery.rejected == [Secret(SECRET)]


async def test_it_is_sent_again_once_and_then_the_client_gets_a_sentence() -> None:
    server, delivery = wants("something else"), Renewing()
    async with answering(server) as port, rig(port, delivery=delivery) as running:
        got = await running.ask()
    assert refusal(got)[:2] == (502, "mcp_authentication_failed")
    assert FRESH not in got.text + str(got.headers)
    assert "www-authenticate" not in got.headers
    assert (len(server.seen), len(delivery.rejected)) == (2, 1)


async def test_where_there_is_no_other_token_it_is_not_sent_again() -> None:
    server = wants(FRESH)
    async with answering(server) as port, rig(port, delivery=Renewing(fresh=None)) as running:
        assert refusal(await running.ask())[:2] == (502, "mcp_authentication_failed")
    assert len(server.seen) == 1


async def test_what_cannot_be_decided_is_not_sent_again() -> None:
    server = wants(FRESH)
    delivery = Renewing(fresh=Unavailable("the audit log cannot be written"))
    async with answering(server) as port, rig(port, delivery=delivery) as running:
        assert refusal(await running.ask())[:2] == (503, "unavailable")
    assert len(server.seen) == 1


async def test_a_server_without_a_credential_is_not_asked_twice() -> None:
    server = Scripted(lambda _: reply(b"", status=b"401 No"))
    async with answering(server) as port:
        delivery = Renewing(served={"server": (f"http://{HOST}:{port}/other", None)})
        async with rig(port, delivery=delivery) as running:
            assert refusal(await running.ask())[:2] == (502, "mcp_authentication_failed")
    assert (len(server.seen), delivery.rejected) == (1, [])


async def test_a_stream_goes_on_while_others_get_a_renewed_token() -> None:
    server, delivery = wants(FRESH), Renewing()
    server.streams = True
    async with (
        answering(server) as port,
        rig(port, delivery=delivery, limits=QUICK) as running,
        opened(running, server) as stream,
    ):
        server.streams = False
        assert (await running.ask()).status_code == 200
        stream.server.write(chunk(f"data: {FRESH}, {SECRET}\n\n".encode()))
        assert await stream.next() == f"data: {MARKER}, {MARKER}\n\n".encode()


async def test_the_sdk_notices_nothing_of_a_token_that_ends() -> None:
    async with streamable() as (port, server), rig(port, delivery=Renewing()) as running:
        async with client(running, "legacy") as mcp:
            assert (await mcp.call_tool("add", {"a": 1, "b": 1})).structured_content == {"result": 2}
            server.tokens = {FRESH}
            assert (await mcp.call_tool("add", {"a": 2, "b": 2})).structured_content == {"result": 4}
        assert (server.refused, running.counters.replays) == (1, 1)


async def test_the_sdk_shows_what_to_do_where_there_is_no_other_token() -> None:
    async with streamable() as (port, server), rig(port, delivery=Renewing(fresh=None)) as running:
        server.tokens = set()
        said = ""
        try:
            async with client(running, "legacy"):
                pass
        except BaseException as error:  # noqa: BLE001 - groups of groups
            said = repr(_innermost(error))
        assert f"run `strongroom connect http://{HOST}:{port}/mcp --vault vlt_1`" in said


def _innermost(error: BaseException) -> BaseException:
    return _innermost(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
