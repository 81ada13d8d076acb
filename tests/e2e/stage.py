"""A real server process and real upstreams on loopback, for tests that act as users do."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import requests
import trustme
from aiohttp import web

from tests.closing import cut
from tests.needs import ROOT
from tests.nursery.forking import Forked, forkable, nursery
from tests.nursery.order import Order

API_HEADERS = {"anthropic-version": "2026-10-21", "anthropic-beta": "managed-agents-2026-04-01"}
ECHO_HOST = "api.example.test"
OTHER_HOST = "other.example.test"
WILD_HOST = "a.b.wild.test"
BLOCKED_HOST = "blocked.example.test"
HOSTS = (ECHO_HOST, OTHER_HOST, WILD_HOST, "wild.test", "badwild.test", BLOCKED_HOST, "mcp.example.test")


@dataclass
class Seen:
    """One request as an upstream received it."""

    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Upstream:
    """An HTTPS server that remembers what it was sent and quotes it back."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    reply: Callable[[Seen], web.Response] | None = None
    released: threading.Event = field(default_factory=threading.Event)
    """`/late` is answered once this is set."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.host, request.method, request.raw_path, dict(request.headers), await request.read())
        self.seen.append(seen)
        if request.path == "/stream":
            return await self._stream(request)
        if request.path == "/late":
            while not self.released.is_set():  # noqa: ASYNC110 - it is set in another thread
                await asyncio.sleep(0.01)
            return web.Response(text="late")
        if self.reply is not None:
            return self.reply(seen)
        return web.json_response({"headers": dict(seen.headers), "body": seen.body.decode(errors="replace")})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: first\n\n")
        await asyncio.sleep(60)
        return response


@contextmanager
def running_upstream(authority: trustme.CA, upstream: Upstream | None = None) -> Iterator[Upstream]:
    """Run an upstream for every name in `HOSTS`."""
    upstream = upstream or Upstream()
    with serving(authority, HOSTS, upstream.answer) as upstream.port:
        yield upstream


@contextmanager
def serving(
    authority: trustme.CA, hosts: Sequence[str], answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> Iterator[int]:
    """Serve HTTPS for these names, in a thread of its own; the port is given."""
    ports: list[int] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*hosts).configure_cert(context)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        ports.append(runner.addresses[0][1])
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(cut(runner))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def bare_environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment made from scratch: nothing of the machine's certificates and proxies in it."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **(extra or {})}


@dataclass
class House:
    """A running server, seen from outside."""

    process: subprocess.Popen[str] | Forked
    api: str
    proxy: str
    key: str
    data_dir: Path
    log: Path
    environment: dict[str, str]

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.api + path, json=body, headers=API_HEADERS | {"x-api-key": key or self.key}, timeout=20
            )

    def made(self, path: str, body: Mapping[str, Any], **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        response = self.call("POST", path, body, **options)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def vault(self, name: str = "v") -> str:
        return str(self.made("/v1/vaults", {"display_name": name})["id"])

    def environment_id(self, hosts: list[str] | None = None) -> str:
        networking = {"type": "unrestricted"} if hosts is None else {"type": "limited", "allowed_hosts": hosts}
        config = {"type": "cloud", "networking": networking}
        return str(self.made("/v1/environments", {"name": "e", "config": config})["id"])

    def variable(self, vault: str, name: str, value: str, hosts: list[str] | None, **location: bool) -> str:
        networking = {"type": "unrestricted"} if hosts is None else {"type": "limited", "allowed_hosts": hosts}
        auth: dict[str, Any] = {
            "type": "environment_variable",
            "secret_name": name,
            "secret_value": value,
            "networking": networking,
        }
        if location:
            auth["injection_location"] = location
        return str(self.made(f"/v1/vaults/{vault}/credentials", {"auth": auth})["id"])

    def session(self, environment: str, *vaults: str) -> dict[str, Any]:
        body = {"agent": "agent_test", "environment_id": environment, "vault_ids": list(vaults)}
        return self.made("/v1/sessions", body)


@contextmanager
def running_house(
    folder: Path, authority: trustme.CA, *, extra: Mapping[str, str] | None = None, forked: bool = True
) -> Iterator[House]:
    """Run `strongroom serve` on free ports until the block ends; not `forked`, it is started as people start it."""
    roots = folder / "upstream-roots.pem"
    authority.cert_pem.write_to_path(str(roots))
    environment = bare_environment(
        folder,
        {
            "STRONGROOM_RESOLVE": ",".join(f"{host}=127.0.0.1" for host in HOSTS),
            "STRONGROOM_EGRESS_ALLOW_PRIVATE": "127.0.0.1/32",
            "SSL_CERT_FILE": str(roots),  # the system's take 50 ms of each client that trusts them
            "STRONGROOM_UPSTREAM_CA_FILE": str(roots),
            "STRONGROOM_DATA_DIR": str(folder / "data"),
            **(extra or {}),
        },
    )
    log = folder / "server.log"
    reading, writing = os.pipe()
    said = os.fdopen(reading)
    with os.fdopen(writing, "w") as stdout, log.open("a") as errors:
        process = _started(environment, stdout, errors, forked=forked)
    try:
        line = said.readline()
        assert line, log.read_text()
        ready = json.loads(line)
        key = (folder / "data" / "admin-key").read_text().strip()
        yield House(process, ready["api"], ready["proxy"], key, folder / "data", log, environment)
    finally:
        process.terminate()
        process.wait(60)
        said.close()


def _started(
    environment: dict[str, str], stdout: TextIO, stderr: TextIO, *, forked: bool
) -> subprocess.Popen[str] | Forked:
    words = ["serve", "--port", "0", "--proxy-port", "0", "--json"]
    order = Order(words=words, variables=environment, folder=str(ROOT))
    if forked and forkable(order):
        with Path(os.devnull).open() as stdin:
            return nursery().fork(order, stdin=stdin.fileno(), stdout=stdout.fileno(), stderr=stderr.fileno())
    argv = [sys.executable, "-m", "strongroom", *words]
    return subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True)


def through(
    session: Mapping[str, Any],
    folder: Path,
    method: str,
    url: str,
    **options: Any,  # noqa: ANN401 - passed on
) -> requests.Response:
    """Send a request as an agent would: with nothing but the session's egress settings."""
    roots = folder / "agent-roots.pem"
    roots.write_text(session["egress"]["ca_certificate"])
    proxy = session["egress"]["proxy_url"]
    with requests.Session() as client:
        client.trust_env = False
        client.verify = str(roots)
        return client.request(method, url, proxies={"http": proxy, "https": proxy}, timeout=20, **options)


def until(check: Callable[[], bool], within: float = 20.0) -> bool:
    """Wait for something that happens soon; tell whether it did.

    What the product does within a second gets many here: a machine may have other things to do meanwhile. That it is
    a second is shown where nothing else runs between the change and its effect (tests/store/test_several_processes.py).
    """
    end = time.monotonic() + within
    while not check():  # asked no more once it did: of several workers another may be a moment behind
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
