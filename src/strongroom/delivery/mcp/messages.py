"""JSON-RPC messages of a client, read so that no server can read them differently.

What was looked at is sent byte for byte, so whatever readers of JSON are known to disagree on is refused: names that
come twice, names that differ from a known one only by case (some readers take them for it), a NUL in a name, numbers
that are none, anything but UTF-8. Of a message only what decides about tools is understood; the rest passes.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Never, final

CALL = "tools/call"
LIST = "tools/list"
_KNOWN = ("jsonrpc", "id", "method", "params", "result", "error")  # JSON-RPC 2.0 sections 4 and 5
_KNOWN_IN_CALL = ("name", "arguments")
_METHOD = re.compile(r"[\x21-\x7e]{1,128}")
_ABOUT_TOOLS = "tools/"
_OF_TOOLS = frozenset({CALL, LIST})

Id = str | int | float | None


@final
class Unclear(Exception):
    """A message that may mean different things to different readers. Its text says why."""


@final
@dataclass(frozen=True, slots=True)
class Message:
    """One message. `tool` is what a call of a tool names; `asks` says whether an answer is expected."""

    method: str | None
    id: Id = None
    asks: bool = False
    tool: str | None = None


def read(body: bytes) -> Sequence[Message]:
    """Read a message, or a batch of them (JSON-RPC 2.0 section 6). Raises `Unclear`."""
    try:
        read = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unclear("it is not JSON in UTF-8 that all readers understand alike") from None
    if isinstance(read, list):
        if not read:
            raise Unclear("it is an empty batch")
        return [_message(each) for each in read]
    return [_message(read)]


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(_constant: str) -> Never:
    raise ValueError


def _message(read: object) -> Message:
    if not isinstance(read, dict):
        raise Unclear("it is no JSON-RPC message")
    _require_plain_names(read, _KNOWN)
    method = read.get("method")
    if method is None:
        if "method" in read:
            raise Unclear("its method is null")
        return Message(None)  # an answer to what the server asked
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise Unclear("its method is no plain name")
    if method.casefold().startswith(_ABOUT_TOOLS) and method not in _OF_TOOLS:
        raise Unclear("its method is about tools, and not one that is known")
    return Message(method, _id(read), "id" in read, _tool(read) if method == CALL else None)


def _id(read: dict[str, Any]) -> Id:
    found = read.get("id")
    if found is not None and (isinstance(found, bool) or not isinstance(found, str | int | float)):
        raise Unclear("its id is neither a text nor a number")
    return found


def _tool(read: dict[str, Any]) -> str:
    params = read.get("params")
    if not isinstance(params, dict):
        raise Unclear("it calls a tool and names none")
    _require_plain_names(params, _KNOWN_IN_CALL)
    name = params.get("name")
    if not isinstance(name, str):
        raise Unclear("it calls a tool and names none")
    return name


def _require_plain_names(read: Iterable[str], known: Sequence[str]) -> None:
    for name in read:
        if "\0" in name or (name not in known and name.casefold() in known):
            raise Unclear("one of its fields is named almost like a known one")
