"""A port of this machine that waits for one answer: the request with which a browser comes back from consent.

RFC 8252 section 7.3. Rules kept here:
- only the answer that carries our state counts; whatever else knocks is turned away and ends nothing;
- the browser is answered once it is known what became of it, with a page that has no script and is not kept; whoever
  knows goes on when the page is sent, for a command that ends would take the rest of it along;
- nothing of a request is logged: its URL has a code in it.
"""

import html
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, TextIO, final
from urllib.parse import parse_qs, urlsplit

from strongroom.core.overriding import override
from strongroom.core.secret import Secret

PATH = "/callback"
VERDICT_SECONDS = 60.0
"""How long a browser waits to hear what became of its answer."""
_SILENCE_SECONDS = 10.0
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "connection": "close",
}


@final
@dataclass(slots=True)
class Answer:
    """What came back, and what the browser is told of it."""

    url: Secret
    told: threading.Event = field(default_factory=threading.Event)
    shown: threading.Event = field(default_factory=threading.Event)
    verdict: tuple[str, str] = ("Strongroom", "look at the terminal")

    @classmethod
    def pasted(cls, url: str) -> Self:
        """Return one that came through the terminal: no browser waits."""
        answer = cls(Secret(url))
        answer.shown.set()
        return answer

    def tell(self, title: str, sentence: str) -> None:
        """Let the browser know. Returns when it does, or has taken nothing for some time."""
        self.verdict = (title, sentence)
        self.told.set()
        self.shown.wait(_SILENCE_SECONDS)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.expected: str | None = None
        super().__init__(("127.0.0.1", 0), _Handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news."""


@final
class Listener:
    """Waits for the answer."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.redirect = f"http://127.0.0.1:{server.server_address[1]}{PATH}"

    def expect(self, state: str) -> None:
        """Let the answer with this state count from here on."""
        self._server.expected = state

    def take_from(self, typed: TextIO) -> None:
        """Let a URL that is pasted into the terminal count as well."""

        def read() -> None:
            for line in typed:
                if line.strip():
                    self._server.answers.put(Answer.pasted(line.strip()))

        threading.Thread(target=read, daemon=True, name="pasted answers").start()

    def wait(self, seconds: float) -> Answer | None:
        """Return the next answer; None if none came in time."""
        try:
            return self._server.answers.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of 127.0.0.1 for as long as the context lasts."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Listener(server)
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SILENCE_SECONDS
    server_version = "Strongroom"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != PATH:
            self._say(404, "Nothing here", "this port waits for the answer of an authorization server")
            return
        expected = self.server.expected
        states = parse_qs(parts.query).get("state", [])
        if expected is None or states != [expected]:
            self._say(400, "Not this one", "this answer belongs to nothing that is waited for here")
            return
        answer = Answer(Secret(f"http://127.0.0.1{self.path}"))
        self.server.answers.put(answer)
        answer.told.wait(VERDICT_SECONDS)
        try:
            self._say(200, *answer.verdict)
        finally:
            answer.shown.set()

    @override
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
        """Nothing is logged."""

    def _say(self, status: int, title: str, sentence: str) -> None:
        words = html.escape(sentence[:1].upper() + sentence[1:])
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Strongroom: {title}</title></head>'
            f"<body><h1>{title}</h1><p>{words}</p></body></html>\n"
        ).encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


def can_be_typed() -> bool:
    """Tell whether somebody at a terminal could paste something."""
    return sys.stdin is not None and sys.stdin.isatty()
