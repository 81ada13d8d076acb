"""A real server on a free port, in a thread of its own, and tenants to use it as."""

import asyncio
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from starlette.types import ASGIApp

from strongroom.assembly.doors import Doors
from strongroom.assembly.egress import Egress
from strongroom.core.hosts import canonical_host
from strongroom.core.plans import Destination, Plan
from strongroom.core.secret import Secret
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import House, build
from tests.plain_http import UNUSED_TLS

T = TypeVar("T")

ADMIN_KEY = "the-first-key-of-these-tests-alone"
SENTINEL = "s3ntinel-7f3a1c-must-never-come-back"
VERSION = {"anthropic-version": "2026-10-21"}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A fresh organization's key and names."""

    url: str
    key: str
    organization: str
    workspace: str

    def raw(self, **headers: str) -> "Raw":
        """Return plain HTTP as this tenant."""
        return Raw(url=self.url, headers={**VERSION, "x-api-key": self.key, **headers})


@dataclass(frozen=True, kw_only=True)
class Raw:
    """Plain HTTP, for what no SDK sends. Every answer is checked for what must be on all of them."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send a request; `body` is sent as JSON, `content` as it is."""
        with httpx.Client(base_url=self.url, trust_env=False, verify=UNUSED_TLS, timeout=20) as client:
            sent = {"json": body} if body is not None else {"content": content}
            answer = client.request(method, path, headers={**self.headers, **(headers or {})}, **sent)
        assert SENTINEL not in answer.text
        assert answer.headers["request-id"].startswith("req_")
        assert answer.headers["content-type"] == "application/json"
        assert not answer.is_redirect
        return answer

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str, body: object = None) -> httpx.Response:
        return self.call("POST", path, body)

    def made(self, path: str, body: object = None) -> dict[str, Any]:
        """Return what a request that must succeed answers."""
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def refused(self, method: str, path: str, body: object = None, *, status: int = 400) -> dict[str, Any]:
        """Return the error of a request that must be refused."""
        return refusal(self.call(method, path, body), status)


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the error that an answer tells, which must have the shape of all errors."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["type"] == "error"
    assert told["request_id"] == answer.headers["request-id"]
    assert set(told) == {"type", "error", "request_id"}
    if status == 409:
        assert answer.headers["x-should-retry"] == "false"
    error: dict[str, Any] = told["error"]
    assert error["type"] == ERROR_TYPES[status]
    return error


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running server."""

    url: str
    house: House
    loop: asyncio.AbstractEventLoop
    data_dir: Path

    def tenant(self) -> Tenant:
        """Found an organization of its own for a test."""
        made = Raw(url=self.url, headers={"x-api-key": ADMIN_KEY}).made("/strongroom/v1/organizations", {"name": "t"})
        return Tenant(
            url=self.url,
            key=made["api_key"],
            organization=made["organization_id"],
            workspace=made["workspace_id"],
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the server runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def plan(self, proxy_url: str, host: str) -> Plan:
        """Return what the proxy would do for a session's request to a host."""

        async def planned() -> Plan:
            assert isinstance(self.house.egress, Egress)
            delivery = self.house.egress.delivery
            live = await delivery.enter(Secret(httpx.URL(proxy_url).password))
            destination = Destination(scheme="https", host=canonical_host(host), port=443)
            return (await delivery.plan(live, destination)).plan

        return self.run(planned())

    def kept(self, credential_id: str) -> bool:
        """Tell whether the database still holds sealed bytes of a credential."""
        with sqlite3.connect(self.data_dir / "strongroom.db") as connection:
            (receipt,) = connection.execute("SELECT receipt FROM credentials WHERE id = ?", (credential_id,)).fetchone()
        connection.close()
        return receipt is not None


@contextmanager
def running(
    folder: Path,
    *,
    strict_beta: bool = False,
    path_prefix: str = "",
    creates_per_minute: int = 0,
    provider_requests_per_minute: int = 0,
    reaches_loopback: bool = False,
    edge: Edge | None = None,
    through: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    require_secret_on_host_change: bool = False,
    **more: Any,  # noqa: ANN401 - settings as they are
) -> Iterator[Stage]:
    """Run a server for as long as the context lasts; one that `reaches_loopback` asks servers there, in plain http.

    `edge` has another clock than the real one. Requests go `through` whatever stands before its API. `more` are
    further settings.
    """
    chosen = Settings(
        data_dir=folder,
        admin_key=Secret(ADMIN_KEY),
        strict_beta=strict_beta,
        path_prefix=path_prefix,
        creates_per_minute=creates_per_minute,
        provider_requests_per_minute=provider_requests_per_minute,
        egress_allow_private=(ip_network("127.0.0.1/32"),) if reaches_loopback else (),
        insecure_upstreams=reaches_loopback,
        require_secret_on_host_change=require_secret_on_host_change,
        **more,
    )
    started = threading.Event()
    stages: list[Stage] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with _served(chosen, loop, edge or Edge(), through) as stage:
            stages.append(stage)
            started.set()
            await stop.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            started.set()
            loop.close()

    thread = threading.Thread(target=run, name="server under test")
    thread.start()
    started.wait(100)
    assert stages, "the server did not start"
    try:
        yield stages[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)


@asynccontextmanager
async def _served(
    settings: Settings, loop: asyncio.AbstractEventLoop, edge: Edge, through: Callable[[ASGIApp], ASGIApp]
) -> AsyncIterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as bound:  # who connects before it serves waits in the backlog
        door = ("127.0.0.1", bound.getsockname()[1])
        async with build(settings, edge, doors=Doors(api=door, proxy=("127.0.0.1", 2))) as house:
            server = uvicorn.Server(
                uvicorn.Config(through(house.api), log_config=None, access_log=False, lifespan="off", ws="none")
            )
            serving = loop.create_task(server.serve(sockets=[bound]))
            try:
                yield Stage(url=f"http://127.0.0.1:{door[1]}", house=house, loop=loop, data_dir=settings.data_dir)
            finally:
                server.should_exit = True
                await serving
