"""A client that asks as a real Skyvern server does, and takes of the answers only what that takes.

Headers, timeouts, redirects and checks are those of contract skyvern-credentials 7.1 to 7.5. What the real server is
asked to do in `tests/skyvern_server` and what this does are the same calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp

PREFIX = "/skyvern-provider/v1/credentials"
Item = dict[str, Any]

REQUIRED = {
    "password": ("username", "password"),
    "credit_card": (
        "card_holder_name",
        "card_number",
        "card_exp_month",
        "card_exp_year",
        "card_cvv",
        "card_brand",
    ),
    "secret": ("secret_value",),
}
OPTIONAL = {
    "password": ("totp",),
    "credit_card": ("billing_email", "billing_phone"),
    "secret": ("secret_label",),
}
TOTP_TYPES = {"authenticator", "email", "text", "passkey", "none"}


class Failed(Exception):
    """What Skyvern tells its user: `HTTP <status>: <message>`."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"HTTP {status}: {told}")
        self.status = status
        self.told = told


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    hops: int


@dataclass
class Skyvern:
    """A Skyvern server that was given a base URL and a token. `calls` are the calls it made, `P1` to `P4`."""

    base: str
    token: str
    calls: list[str] = field(default_factory=list)

    async def ask(self, method: str, url: str, body: object = None, **headers: str) -> Answer:
        """Send a request with the headers of the real one; others replace or add to them."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | headers
        timeout = aiohttp.ClientTimeout(total=30)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.request(method, url, json=body, headers=sent, max_redirects=10) as reply,
        ):
            raw = await reply.read()
            read = await reply.json() if reply.content_type == "application/json" else raw.decode()
            return Answer(reply.status, reply.headers, read, raw, len(reply.history))

    async def send(self, content: bytes) -> Answer:
        """Send bytes as they are to the base URL."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.post(self._url, data=BytesIO(content), headers=headers) as reply,
        ):
            return Answer(reply.status, reply.headers, await reply.json(), await reply.read(), len(reply.history))

    async def test_connection(self) -> bool:
        """P4: any 2xx within ten seconds, and nothing else."""
        self.calls.append("P4")
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(self._url, headers={"Authorization": f"Bearer {self.token}"}) as reply,
        ):
            return 200 <= reply.status < 300

    async def store(self, name: str, credential: Item) -> str:
        """P1: an object with an id."""
        self.calls.append("P1")
        answer = _good(await self.ask("POST", self._url, {"name": name, **credential}))
        assert isinstance(answer.body, dict)
        assert answer.body["id"]
        return str(answer.body["id"])

    async def read(self, item: str) -> Item:
        """P2: an item that has what its type needs."""
        self.calls.append("P2")
        answer = _good(await self.ask("GET", f"{self._url}/{item}"))
        assert isinstance(answer.body, dict)
        assert answer.body
        return accepted(answer.body)

    async def delete(self, item: str) -> None:
        """P3: any 2xx, the body is ignored."""
        self.calls.append("P3")
        _good(await self.ask("DELETE", f"{self._url}/{item}"))

    async def update(self, item: str, name: str, credential: Item, *, keeps: bool) -> str:
        """Change a credential: the old is read where it `keeps` a field, the new is stored, then the old is deleted."""
        if keeps:
            credential = {**await self.read(item), **credential}
        fresh = await self.store(name, credential)
        await self.delete(item)
        return fresh

    @property
    def _url(self) -> str:
        return self.base.rstrip("/")


def accepted(body: Item) -> Item:
    """Return an item's fields if Skyvern takes it (7.3)."""
    kind = body["type"]
    for name in REQUIRED[kind]:
        assert isinstance(body[name], str), name
    for name in OPTIONAL[kind]:
        assert isinstance(body.get(name), str | None), name
    if kind == "password":
        assert body.get("totp_type", "none") in TOTP_TYPES
    if kind == "secret":
        assert body["secret_value"]
    for name in ("metadata", "billing_address"):
        assert all(isinstance(value, str) for value in (body.get(name) or {}).values())
    known = {"type", "totp_type", "metadata", "billing_address", *REQUIRED[kind], *OPTIONAL[kind]}
    return {name: value for name, value in body.items() if name in known}


def _good(answer: Answer) -> Answer:
    if not 200 <= answer.status < 300:
        raise Failed(answer.status, _told(answer.body))
    return answer


def _told(body: object) -> str:
    if not isinstance(body, dict):
        return str(body).strip()
    names = ("message", "error", "detail", "error_message")
    return next((str(body[name]) for name in names if body.get(name)), str(body))
