"""Keeps a session to the tools that it may use of a server: others are not listed, and calls of them are not passed on.

Rules kept here:
- what cannot be read in one way only is not passed on (`messages.py`), nor what is not sent as JSON in UTF-8;
- of a batch with one refused call nothing reaches the server;
- header fields that repeat what the message says (MCP 2026-07-28, `Mcp-Method` and `Mcp-Name`) say the same or the
  request is refused: a server may believe either.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from typing import Any, final

from strongroom.core.mcp_servers import Served
from strongroom.core.mcp_tools import allowed
from strongroom.core.sessions import Session
from strongroom.delivery.egress.refusals import bad_request
from strongroom.delivery.mcp.answers import EVENTS, JSON
from strongroom.delivery.mcp.messages import CALL, Message, Unclear, read
from strongroom.delivery.mcp.ports import Answered, Passed, Rewriting
from strongroom.delivery.mcp.refusals import Code, Turned
from strongroom.delivery.mcp.tool_lists import EventLists, WholeList

_INVALID_PARAMS = -32602  # what a server says of a tool that it does not have (MCP, server/tools, "Error Handling")
_UTF_8 = frozenset({b"", b"charset=utf-8", b'charset="utf-8"'})
_ENCODED = ("=?base64?", "?=")  # MCP 2026-07-28, transports, "Value Encoding"

Fields = Iterable[tuple[bytes, bytes]]


def screened(session: Session, server: Served) -> "ToolScreen | None":
    """Return what keeps a session to its tools of a server; None where it may use all."""
    names = allowed(session.mcp_tools, server.address)
    return None if names is None else ToolScreen(names)


@final
class ToolScreen:
    """For one exchange. Implements `Screen`."""

    __slots__ = ("_allowed",)

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed

    def request(self, fields: Fields, body: bytes) -> Passed | Answered:
        """Pass the message or the batch on, or answer it. Raises a refusal for what cannot be judged."""
        fields = [(name.lower(), value) for name, value in fields]
        try:
            _require_json(fields)
            messages = read(body)
            _require_same(fields, messages)
        except Unclear as unclear:
            sentence = f"the session may use some tools of this MCP server only, and the message is unclear: {unclear}"
            raise bad_request(sentence) from None
        refused = [message for message in messages if message.tool is not None and message.tool not in self._allowed]
        if not refused:
            return Passed(body)
        refusal = Turned(Code.TOOL_NOT_ALLOWED, _sentence(refused[0]))
        answers = [_answer(message, refused) for message in messages if message.asks]
        if not answers:
            raise refusal
        return Answered(_written(answers if body.lstrip().startswith(b"[") else answers[0]), refusal)

    def reply(self, content_type: bytes) -> Rewriting | None:
        """Shorten lists of tools."""
        if content_type == EVENTS:
            return EventLists(self._allowed)
        return WholeList(self._allowed) if content_type == JSON else None


def _require_json(fields: Sequence[tuple[bytes, bytes]]) -> None:
    types = [value.lower() for name, value in fields if name == b"content-type"]
    kind, _, parameters = (types[0] if len(types) == 1 else b"").partition(b";")
    if kind.strip() != JSON or parameters.strip() not in _UTF_8:
        raise Unclear("it is not sent as application/json in UTF-8")


def _require_same(fields: Sequence[tuple[bytes, bytes]], messages: Sequence[Message]) -> None:
    for name, value in fields:
        if name not in {b"mcp-method", b"mcp-name"}:
            continue
        if len(messages) != 1:
            raise Unclear("it is a batch, and its header speaks of one message")
        (message,) = messages
        if name == b"mcp-method" and value != (message.method or "").encode():
            raise Unclear("its header names another method")
        if name == b"mcp-name" and message.method == CALL and _decoded(value) != message.tool:
            raise Unclear("its header names another tool")


def _decoded(value: bytes) -> str | None:
    try:
        text = value.decode()
        if text.startswith(_ENCODED[0]) and text.endswith(_ENCODED[1]):
            return base64.b64decode(text[len(_ENCODED[0]) : -len(_ENCODED[1])], validate=True).decode()
    except (UnicodeDecodeError, binascii.Error):
        return None
    return text


def _sentence(message: Message) -> str:
    return f"tool {json.dumps(message.tool)[:200]} is not among those that this session may use of the server"


def _answer(message: Message, refused: Sequence[Message]) -> dict[str, Any]:
    sentence = _sentence(message) if message in refused else "it was sent together with a call that is not allowed"
    error = {
        "code": _INVALID_PARAMS,
        "message": sentence,
        "data": {"strongroom_refused": Code.TOOL_NOT_ALLOWED.value},
    }
    return {"jsonrpc": "2.0", "id": message.id, "error": error}


def _written(answer: object) -> bytes:
    return json.dumps(answer).encode()
