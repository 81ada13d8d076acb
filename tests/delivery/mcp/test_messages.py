"""What a client says, read so that no server can read it differently."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.delivery.mcp.messages import Message, Unclear, read


def one(**fields: object) -> list[Message]:
    return list(read(json.dumps({"jsonrpc": "2.0", **fields}).encode()))


def test_a_call_names_its_tool() -> None:
    params = {"name": "add", "arguments": {"Name": "x", "method": "y"}}
    assert one(id=1, method="tools/call", params=params) == [Message("tools/call", 1, asks=True, tool="add")]


def test_other_messages_pass_as_they_are() -> None:
    assert one(id="a", method="tools/list") == [Message("tools/list", "a", asks=True)]
    assert one(method="notifications/initialized") == [Message("notifications/initialized")]
    assert one(id=3, result={"method": "tools/call"}) == [Message(None)]


def test_a_batch_is_read_message_by_message() -> None:
    batch = [{"id": 1, "method": "ping"}, {"id": 2, "method": "tools/call", "params": {"name": "a"}}]
    assert [message.tool for message in read(json.dumps(batch).encode())] == [None, "a"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"1",
        b"[]",
        b"[1]",
        b"[[]]",
        b'{"method": "tools/call", "method": "ping", "params": {"name": "a"}}',
        b'{"method": "tools/call", "params": {"name": "ok", "name": "evil"}}',
        b'{"method": "ping", "Method": "tools/call"}',
        b'{"method": "tools/call", "params": {"name": "ok", "NAME": "evil"}}',
        b'{"method": "tools/call", "params": {"name": "ok"}, "param\xc5\xbf": {"name": "evil"}}',
        b'{"method\\u0000": "tools/call", "method": "ping"}',
        b'{"method": "tools/call\\u0000", "params": {"name": "evil"}}',
        b'{"method": "Tools/Call", "params": {"name": "evil"}}',
        b'{"method": "tools/invoke", "params": {"name": "evil"}}',
        b'{"method": "tools/call "}',
        b'{"method": null}',
        b'{"method": ["tools/call"]}',
        b'{"method": "tools/call"}',
        b'{"method": "tools/call", "params": ["evil"]}',
        b'{"method": "tools/call", "params": {"name": ["evil"]}}',
        b'{"method": "tools/call", "params": {}}',
        b'{"method": "ping", "id": {}}',
        b'{"method": "ping", "id": true}',
        b'{"method": "ping", "x": NaN}',
        b'{"method": "ping"} {"method": "tools/call"}',
        b'\xef\xbb\xbf{"method": "ping"}',
        '{"method": "ping"}'.encode("utf-16"),
        b'{"method": "ping", "x": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_what_readers_may_disagree_on_is_refused(body: bytes) -> None:
    with pytest.raises(Unclear):
        read(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_unclear(body: bytes) -> None:
    with contextlib.suppress(Unclear):
        assert read(body)
