"""The vendor's own client, unmodified, and plain HTTP for what it never sends."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from barndoor import BarndoorClient, Environment, RetryOptions, create_client

from strongroom.core.credentials import Material
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.llm.families import Operation
from strongroom.core.secret import Secret
from strongroom.crypto.tokens import digest
from strongroom.services.llm_routing import Outdated, Resolved
from tests.dialects.stage import Stage, Tenant
from tests.plain_http import UNUSED_TLS

PREFIX = "/api/llm-gateway"
ADMIN = f"{PREFIX}/admin"
KEY = "sk-test-0123456789wxyz"
NEW_KEY = "sk-other-9876543210abcd"
ARN = "arn:aws:iam::123456789012:role/gateway"
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    501: "not_implemented_error",
}

_PATHS = re.compile(rb"^[A-Z]+ \S*?/admin(\S*) HTTP", re.MULTILINE)

OPENAI: dict[str, object] = {
    "name": "OpenAI Production",
    "model_provider": "openai",
    "base_url": "https://api.openai.com/v1",
    "api_key": KEY,
}
ROLE: dict[str, object] = {
    "name": "Bedrock",
    "model_provider": "bedrock",
    "settings": {"region": "us-east-1", "iam_role_arn": ARN},
}


def client(tenant: Tenant, *, retries: int = 0, token: str | None = None) -> BarndoorClient:
    """Return the SDK's client as its pages show it."""
    environment = Environment(issuer=f"{tenant.url}/realms/strongroom", base_url=tenant.url)
    return create_client(auth=token or tenant.key, env=environment, retry=RetryOptions(retries=retries))


@dataclass(frozen=True, kw_only=True)
class Api:
    """Plain HTTP as one key. Every answer is checked for what must be on all of them."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: object = None, *, content: bytes | None = None, **headers: str
    ) -> httpx.Response:
        """Send a request; `body` is sent as JSON, `content` as it is."""
        sent: dict[str, Any] = {"content": content} if body is None else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(base_url=self.url, trust_env=False, verify=UNUSED_TLS, timeout=20) as http:
            answer = http.request(method, ADMIN + path, headers={**self.headers, **named}, **sent)
        assert KEY not in answer.text
        assert NEW_KEY not in answer.text
        assert not answer.is_redirect
        assert answer.headers["content-type"] == "application/json"
        return answer

    def got(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON it is
        """Return what a request that must succeed answers."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, path: str, *bodies: Mapping[str, object], method: str = "POST", **fields: object) -> dict[str, Any]:
        """Make something of the fields of several bodies; the last one wins."""
        body: dict[str, object] = {}
        for each in (*bodies, fields):
            body |= each
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def put(self, path: str, **fields: object) -> dict[str, Any]:
        """Change something."""
        return self.made(path, method="PUT", **fields)

    def refused(self, method: str, path: str, body: object = None, *, status: int = 400) -> dict[str, Any]:
        """Return the error of a request that must be refused."""
        return refusal(self.call(method, path, body), status)


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the error that an answer tells, which must have the shape of all errors."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert set(told) == {"error"}
    error: dict[str, Any] = told["error"]
    assert set(error) == {"message", "type", "code", "request_id"}
    assert error["type"] == ERROR_TYPES[status]
    assert error["request_id"] == answer.headers["request-id"]
    return error


def api_of(tenant: Tenant) -> Api:
    """Return plain HTTP as a tenant."""
    return Api(url=tenant.url, headers={"authorization": f"Bearer {tenant.key}"})


@asynccontextmanager
async def counted(tenant: Tenant) -> AsyncIterator[tuple[Tenant, list[str]]]:
    """Return the tenant behind a relay, and the list of paths that it was asked for."""
    asked: list[str] = []
    host, _, port = tenant.url.removeprefix("http://").partition(":")

    relays: set[asyncio.Task[None] | None] = set()

    async def pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter, *, counts: bool) -> None:
        while piece := await source.read(65536):
            if counts:
                asked.extend(path.decode() for path in _PATHS.findall(piece))
            to.write(piece)
            await to.drain()
        to.close()
        await to.wait_closed()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.add(asyncio.current_task())
        there, to = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pass_on(reader, to, counts=True), pass_on(there, writer, counts=False))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        number = server.sockets[0].getsockname()[1]
        yield replace(tenant, url=f"http://127.0.0.1:{number}"), asked
        await asyncio.gather(*filter(None, relays))


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A gateway key, and what the gateway is handed for it."""

    stage: Stage
    key: str

    def resolved(self, model: str) -> Resolved:
        """Return where a request goes."""
        routing = self.stage.house.llm.routing
        found = self.stage.run(routing.routes.resolve(digest(Secret(self.key)), model, Operation.CHAT))
        assert isinstance(found, Resolved), found
        return found

    def material(self, model: str) -> Material:
        """Return the secret of the first route."""
        while True:
            found = self.resolved(model)
            with contextlib.suppress(Outdated):  # the news of a change came between the two
                return self.stage.run(self.stage.house.llm.routing.secrets.of(found, found.candidates[0]))

    def uses(self, model: str, key: str) -> bool:
        """Tell whether a plain key is what the first route sends."""
        return self.material(model) == ApiKey(key=Secret(key))


def reach(stage: Stage, api: Api) -> Reach:
    """Make a gateway key."""
    return Reach(stage=stage, key=api.made("/api-keys", name="k")["key"])


def rows(stage: Stage, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Ask the database behind the server's back."""
    with closing(sqlite3.connect(stage.data_dir / "strongroom.db")) as connection:
        return connection.execute(statement, parameters).fetchall()
