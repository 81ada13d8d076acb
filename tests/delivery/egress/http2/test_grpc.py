"""gRPC through the proxy: the library that its own project publishes, on both sides."""

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # the wheel has no stubs
import trustme

from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.running import HOST, Rig, before

MESSAGES = 1000


class Service:
    """Echoes messages and metadata, fails on demand, and notes what is cancelled."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.begun = threading.Event()
        self.cancelled = threading.Event()

    def echo(self, request: bytes, context: Any) -> bytes:  # noqa: ANN401 - the library is not typed
        said = dict(context.invocation_metadata()).get("authorization", "")
        self.heard.append(said)
        context.send_initial_metadata((("x-echo", said),))
        context.set_trailing_metadata((("x-trail", said),))
        return request

    def each(self, requests: Iterator[bytes], _: Any) -> Iterator[bytes]:  # noqa: ANN401 - as above
        yield from requests

    def fail(self, _: bytes, context: Any) -> None:  # noqa: ANN401 - as above
        context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")

    def wait(self, _: bytes, context: Any) -> bytes:  # noqa: ANN401 - as above
        context.add_callback(self.cancelled.set)
        self.begun.set()
        self.cancelled.wait(30)
        return b""

    def handler(self) -> Any:  # noqa: ANN401 - as above
        one, many = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
        methods = {"Echo": one(self.echo), "Each": many(self.each), "Fail": one(self.fail), "Wait": one(self.wait)}
        return grpc.method_handlers_generic_handler("test.Service", methods)


@asynccontextmanager
async def running(folder: Path, service: Service) -> AsyncIterator[Rig]:
    """Run the service, and the proxy before it."""
    ca = trustme.CA()
    certificate = ca.issue_cert(HOST)
    chain = b"".join(each.bytes() for each in certificate.cert_chain_pems)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((service.handler(),))
    credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        async with before(port, ca, FixedDelivery(swaps=(swap(),))) as at:
            yield at
    finally:
        service.cancelled.set()
        await asyncio.to_thread(server.stop(0).wait)


async def through(at: Rig, talk: Callable[[Any], None]) -> None:
    """Have a client talk through the proxy, in a thread of its own."""

    def run() -> None:
        trusted = grpc.ssl_channel_credentials(at.authority.certificate.encode())
        with grpc.secure_channel(at.host, trusted, options=[("grpc.http_proxy", at.proxy_url)]) as channel:
            talk(channel)

    await asyncio.to_thread(run)


async def test_metadata_takes_a_secret_out_and_brings_its_placeholder_back(tmp_path: Path) -> None:
    service = Service()

    def talk(channel: Any) -> None:  # noqa: ANN401 - as above
        call = channel.unary_unary("/test.Service/Echo")
        reply, about = call.with_call(b"abc", metadata=(("authorization", f"Bearer {PLACEHOLDER}"),), timeout=30)
        assert reply == b"abc"
        assert dict(about.initial_metadata())["x-echo"] == f"Bearer {PLACEHOLDER}"
        assert dict(about.trailing_metadata())["x-trail"] == f"Bearer {PLACEHOLDER}"

    async with running(tmp_path, service) as at:
        await through(at, talk)
        assert at.counters.upstreams_opened == 1
    assert service.heard == [f"Bearer {SECRET}"]


async def test_messages_of_both_sides_interleave_on_one_stream(tmp_path: Path) -> None:
    def talk(channel: Any) -> None:  # noqa: ANN401 - as above
        said: queue.Queue[bytes | None] = queue.Queue()
        replies = channel.stream_stream("/test.Service/Each")(iter(said.get, None), timeout=50)
        for number in range(MESSAGES):
            said.put(b"message %d" % number)
            assert next(replies) == b"message %d" % number
        said.put(None)
        assert list(replies) == []
        assert replies.code() is grpc.StatusCode.OK

    async with running(tmp_path, Service()) as at:
        await through(at, talk)


async def test_an_error_keeps_its_code_and_its_words(tmp_path: Path) -> None:
    def talk(channel: Any) -> None:  # noqa: ANN401 - as above
        call = channel.unary_unary("/test.Service/Fail").future(b"", timeout=30)
        assert (call.code(), call.details()) == (grpc.StatusCode.NOT_FOUND, "no such thing")

    async with running(tmp_path, Service()) as at:
        await through(at, talk)


async def test_a_call_that_is_cancelled_is_cancelled_at_its_service(tmp_path: Path) -> None:
    service = Service()

    def talk(channel: Any) -> None:  # noqa: ANN401 - as above
        call = channel.unary_unary("/test.Service/Wait").future(b"", timeout=40)
        assert service.begun.wait(30)
        call.cancel()
        assert service.cancelled.wait(20)

    async with running(tmp_path, service) as at:
        await through(at, talk)
