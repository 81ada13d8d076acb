"""A request's JSON, of which the gateway reads two members and changes one, leaving every other byte as it came.

Rules kept here (contract 4.2, 5):
- the text is read once, by a strict reader; where its members stand is found by walking along what was read, so that
  what is decided on and what is sent are one document;
- a name that stands there twice refuses the request: readers differ in which one they take;
- whatever is wrong with a text (its encoding, its depth, its numbers) is the client's mistake and never a failure.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn, final

import msgspec

from strongroom.delivery.llm.refusals import Code, Turned

MAX_MEMBERS = 1000
_COUNTED_FROM = 32 * 1024
"""In a shorter text there are not enough members to take long."""
_NAME = re.compile(rb'[ \t\r\n]*"(?:[^"\\]++|\\.)*+"[ \t\r\n]*:[ \t\r\n]*')
_BLANKS = re.compile(rb"[ \t\r\n]*")
_COMMA, _CLOSE = b","[0], b"}"[0]
_LONGEST_MODEL = 1024


@final
class _Name(str):
    """A member's name, where names are counted."""

    __slots__ = ()


_few: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text: Final = msgspec.json.Decoder(str)


@final
@dataclass(frozen=True, slots=True)
class Member:
    """Where a member stands: from the quotation mark of its name on, its value, and its end."""

    begin: int
    value: int
    end: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A request. `model` is what is asked for."""

    body: bytes
    model: str
    streams: bool
    members: dict[str, Member]

    @classmethod
    def read(cls, body: bytes) -> "Document":
        """Read a body. Raises `Turned`."""
        values = _values(body)
        members = _walked(body, values)
        model = values.get("model")
        if model is None:
            raise _wrong("the request's JSON has no `model`")
        try:
            name = _text.decode(model)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise _wrong("`model` must be a string") from None
        if not name or len(name) > _LONGEST_MODEL:
            raise _wrong(f"`model` must have 1 to {_LONGEST_MODEL} characters")
        stream = values.get("stream")
        return cls(body=body, model=name, streams=stream is not None and bytes(stream) == b"true", members=members)

    def asking_for(self, model: str) -> bytes:
        """Return the text with another model's name, and nothing else changed."""
        if model == self.model:
            return self.body
        place = self.members["model"]
        return b"".join((self.body[: place.value], msgspec.json.encode(model), self.body[place.end :]))

    def without_model(self) -> bytes:
        """Return the text without its model, and nothing else changed."""
        place = self.members["model"]
        names = list(self.members)
        at = names.index("model")
        if at:
            return self.body[: self.members[names[at - 1]].end] + self.body[place.end :]
        if len(names) > 1:
            return self.body[: place.begin] + self.body[self.members[names[1]].begin :]
        return self.body[: place.begin] + self.body[place.end :]


def with_member(body: bytes, name: str, value: str) -> bytes:
    """Return the text of an object with one more member, in front."""
    opening = body.index(b"{") + 1
    rest = body[opening:]
    comma = b"" if rest.lstrip(b" \t\r\n").startswith(b"}") else b","
    return b"".join((body[:opening], msgspec.json.encode(name), b":", msgspec.json.encode(value), comma, rest))


def _values(body: bytes) -> dict[str, msgspec.Raw]:
    """Return the members' values, each as its text. Of those that stand there twice, the last."""
    try:
        if not body.isascii():
            body.decode()
        return _few.decode(body) if len(body) < _COUNTED_FROM else _counted(body)
    except RecursionError:
        raise _wrong("the request's JSON is too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _wrong(f"the body must be a JSON object in UTF-8, of at most {MAX_MEMBERS} members") from None


def _counted(body: bytes) -> dict[str, msgspec.Raw]:
    """Read a long text, and no further than there are as many members as a request may have."""
    count = 0

    def named(_type: type, name: Any) -> _Name:  # noqa: ANN401 - what the reader found
        nonlocal count
        count += 1
        if count > MAX_MEMBERS:
            raise ValueError
        return _Name(name)

    read: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[_Name, msgspec.Raw], dec_hook=named)
    return read


def _walked(body: bytes, values: dict[str, msgspec.Raw]) -> dict[str, Member]:
    """Return where each member stands. The text is known to be JSON, so each place follows from the one before."""
    if not values:
        return {}
    members: dict[str, Member] = {}
    at = body.index(b"{") + 1
    last = len(values) - 1
    for number, (name, value) in enumerate(values.items()):
        named = _NAME.match(body, at)
        if named is None:
            _twice()
        text = memoryview(value)
        begin, at = named.end(), named.end() + len(text)
        if body[begin:at] != text:
            _twice()
        members[name] = Member(body.index(b'"', named.start()), begin, at)
        at = _BLANKS.match(body, at).end()  # type: ignore[union-attr]  # nothing is blank too
        if body[at] != (_CLOSE if number == last else _COMMA):
            _twice()
        at += 1
    return members


def _twice() -> NoReturn:
    raise _wrong("a name stands twice in the request's JSON")


def _wrong(sentence: str) -> Turned:
    return Turned(Code.INVALID_REQUEST, sentence)
