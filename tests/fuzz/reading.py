"""What llhttp, a parser that is not ours, reads in a stream of bytes: the messages, up to where it gives up."""

from dataclasses import dataclass, field
from typing import Protocol

import httptools


@dataclass
class Message:
    """One message as far as it has come."""

    start: bytes = b""
    """Method and target of a request, status of a reply."""
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    headed: bool = False
    complete: bool = False

    def values(self, name: bytes) -> list[bytes]:
        return [value for known, value in self.fields if known == name]


class Parser(Protocol):
    """The part of llhttp's two parsers that is used here."""

    def feed_data(self, data: bytes) -> None: ...


class Reader:
    """Feed it pieces; `broken` once llhttp refuses them, `over` once it can say nothing of what follows."""

    parser: Parser

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.broken = False
        self.over = False

    def feed(self, data: bytes) -> "Reader":
        if self.broken or self.over:
            return self
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.over = True
        except httptools.HttpParserInvalidMethodError:  # it has a list of methods; RFC 9110 9.1 has none
            self.messages = [message for message in self.messages if message.headed]
            self.over = True
        except httptools.HttpParserError:
            self.broken = True
        return self

    def on_message_begin(self) -> None:
        self.messages.append(Message())

    def on_header(self, name: bytes, value: bytes) -> None:
        message = self.messages[-1]
        (message.trailers if message.headed else message.fields).append((name.lower(), value.strip(b" \t")))

    def on_body(self, body: bytes) -> None:
        self.messages[-1].body += body

    def on_message_complete(self) -> None:
        self.messages[-1].complete = True


class Requests(Reader):
    """Reads what a client sends."""

    def __init__(self) -> None:
        super().__init__()
        self.parser = self._parser = httptools.HttpRequestParser(self)

    def on_url(self, url: bytes) -> None:
        self.messages[-1].start += url

    def on_headers_complete(self) -> None:
        self.messages[-1].headed = True
        self.messages[-1].start = self._parser.get_method() + b" " + self.messages[-1].start


class Replies(Reader):
    """Reads what an upstream sends. It cannot know of a HEAD request, whose reply has no body."""

    def __init__(self) -> None:
        super().__init__()
        self.parser = self._parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        self.messages[-1].headed = True
        self.messages[-1].start = b"%d" % self._parser.get_status_code()


def unread(data: bytes) -> bytes:
    """Return what a client sent behind its last whole request."""
    reader, read = Requests(), 0
    for place in range(len(data)):
        known = sum(message.complete for message in reader.messages)
        reader.feed(data[place : place + 1])
        if sum(message.complete for message in reader.messages) > known:
            read = place + 1
    return data[read:]
