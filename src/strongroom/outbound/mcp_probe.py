"""Asks an MCP server as a client would, just enough to know that it answers: initialize, then the list of its tools.

Rules kept here (MCP 2025-11-25, "Streamable HTTP"; contract anthropic-vaults 5, 6.7):
- the session that it begins is ended; no tool is called;
- an answer may be JSON or a stream of events, of which no more is read than the answer;
- a server that does not take a POST may be one of 2024-11-05, which answers on a stream of its own: what that stream
  names is asked only if it is of the same origin, for the token goes there;
- what is not HTTP, or not in time, is told as no answer; redirects are answers, and not followed.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, final
from urllib.parse import urljoin

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.failures import BadReply, Invalid, NotPermitted, Unreachable
from strongroom.core.secret import Secret
from strongroom.outbound.control import Answer, ControlClient
from strongroom.outbound.event_stream import EventStream
from strongroom.services.oauth_ports import ProbeFailure

VERSION = "2025-11-25"
"""The newest version in which a session begins with `initialize`; servers answer with one that they speak."""
READ_BYTES = 1 << 20
_INITIALIZE, _INITIALIZED, _LIST = "initialize", "notifications/initialized", "tools/list"
_NO_SUCH_METHOD = -32601  # JSON-RPC 2.0 section 5.1
_OLD = frozenset({400, 404, 405})
"""What servers of 2024-11-05 say to a POST (MCP 2025-11-25, "Backwards Compatibility")."""


class _Failed(Exception):
    """A step did not succeed, with the answer to it if there was one."""

    def __init__(self, method: str, reply: Reply | None) -> None:
        super().__init__(method)
        self.found = ProbeFailure(method, reply)


@final
class HttpMcpProbe:
    """Implements `McpProbe` on the control client."""

    def __init__(self, *, client: ControlClient) -> None:
        self._client = client

    async def probe(self, url: str, token: Secret, *, within: float) -> ProbeFailure | None:
        """Begin a session, list the tools and end it; return what did not succeed, or None."""
        try:
            there = ControlUrl.parse(url, insecure=True)  # the client admits plain http, or not
        except Invalid:
            return ProbeFailure(_INITIALIZE, None)
        visit = _Visit(self._client, there, token, within)
        try:
            await visit.run()
        except _Failed as failed:
            return failed.found
        return None


@final
class _Visit:
    """One session with one server."""

    def __init__(self, client: ControlClient, url: ControlUrl, token: Secret, within: float) -> None:
        self._client = client
        self._url = url
        self._token = token
        self._within = within
        self._headers: dict[str, str] = {}

    async def run(self) -> None:
        try:
            said = await self._ask(_INITIALIZE, _hello())
        except _Failed as failed:
            reply = failed.found.reply
            if reply is None or reply.status not in _OLD or not await self._is_old():
                raise
            return
        version = said.get("protocolVersion")
        if isinstance(version, str) and version.isascii() and version.isprintable():
            self._headers["mcp-protocol-version"] = version
        await self._post(_INITIALIZED, {"jsonrpc": "2.0", "method": _INITIALIZED})
        capabilities = said.get("capabilities")
        if isinstance(capabilities, dict) and "tools" in capabilities:
            await self._ask(_LIST, {})
        if "mcp-session-id" in self._headers:
            await self._end()

    async def _ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._post(method, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

    async def _post(self, method: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a message; return the result of a request, and nothing for a notification."""
        call = Call(
            method="POST",
            url=self._url,
            headers=self._bearer() | {"content-type": "application/json"},
            body=json.dumps(message).encode(),
            limit_bytes=READ_BYTES,
        )
        try:
            async with self._client.opened(call, within=self._within) as answer:
                if method == _INITIALIZE and "mcp-session-id" in answer.headers:
                    self._headers["mcp-session-id"] = answer.headers["mcp-session-id"]
                return await _result(answer, method, asks="id" in message)
        except (Unreachable, BadReply, NotPermitted):
            raise _Failed(method, None) from None

    async def _end(self) -> None:
        """End the session. A server may not let clients do that (405), and an error then is no news of the token."""
        call = Call(method="DELETE", url=self._url, headers=self._bearer(), limit_bytes=0)
        try:
            await self._client.send(call, within=self._within)
        except (Unreachable, BadReply, NotPermitted):
            return

    async def _is_old(self) -> bool:
        """Tell whether it answers as a server of 2024-11-05 does."""
        call = Call(method="GET", url=self._url, headers=self._bearer() | {"accept": "text/event-stream"})
        try:
            async with self._client.opened(call, within=self._within) as answer:
                if answer.status != 200 or _media(answer) != "text/event-stream":  # noqa: PLR2004 - the status of success
                    return False
                events = _events(answer)
                kind, data = await anext(events, ("", ""))
                where = self._beside(data) if kind == "endpoint" else None
                if where is None:
                    return False
                message = {"jsonrpc": "2.0", "id": 1, "method": _INITIALIZE, "params": _hello()}
                headers = self._bearer() | {"content-type": "application/json"}
                post = Call(method="POST", url=where, headers=headers, body=json.dumps(message).encode())
                if (await self._client.send(post, within=self._within)).status // 100 != 2:  # noqa: PLR2004 - as above
                    return False
                async for _, told in events:
                    if "result" in _answer_in(told):
                        return True
        except (Unreachable, BadReply, NotPermitted):
            return False
        return False

    def _beside(self, named: str) -> ControlUrl | None:
        try:
            where = ControlUrl.parse(urljoin(self._url.text, named), insecure=True)
        except (Invalid, ValueError):
            return None
        return where if where.destination == self._url.destination else None

    def _bearer(self) -> dict[str, str]:
        return self._headers | {
            "authorization": f"Bearer {self._token.reveal()}",
            "accept": "application/json, text/event-stream",
        }


def _hello() -> dict[str, Any]:
    return {
        "protocolVersion": VERSION,
        "capabilities": {},
        "clientInfo": {"name": "strongroom", "version": "1"},
    }


async def _result(answer: Answer, method: str, *, asks: bool) -> Mapping[str, Any]:
    """Return the result that an answer has, or raise what it has instead."""
    body, said = bytearray(), dict[str, Any]()
    whole = False
    if answer.status // 100 == 2 and _media(answer) == "text/event-stream":  # noqa: PLR2004 - success is a class
        async for _, data in _events(answer, body):
            said = _answer_in(data)
            if said:
                break
    else:
        whole = await _read(answer, body)
        said = _answer_in(body.decode(errors="replace"))
    error = said.get("error")
    if answer.status // 100 == 2:  # noqa: PLR2004 - as above
        result = said.get("result")
        if not asks:
            return {}
        if isinstance(result, dict):
            return result
        if method == _LIST and isinstance(error, dict) and error.get("code") == _NO_SUCH_METHOD:
            return {}
    reply = Reply(status=answer.status, headers=answer.headers, body=bytes(body[:READ_BYTES]), truncated=not whole)
    raise _Failed(method, reply)


async def _read(answer: Answer, body: bytearray) -> bool:
    """Read a body up to a bound; tell whether that was all."""
    while len(body) <= READ_BYTES:
        piece = await answer.more()
        if not piece:
            return True
        body += piece
    return False


async def _events(answer: Answer, body: bytearray | None = None) -> AsyncIterator[tuple[str, str]]:
    """Yield the events of a stream, of which no more is read than the bound."""
    stream, read = EventStream(), 0
    while read <= READ_BYTES:
        piece = await answer.more()
        if not piece:
            return
        read += len(piece)
        if body is not None:
            body += piece
        for event in stream.feed(piece):
            yield event


def _answer_in(text: str) -> dict[str, Any]:
    """Return the JSON-RPC answer to our one question; what else servers say of their own accord is passed over."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("id") == 1 and "method" not in found else {}


def _media(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()
