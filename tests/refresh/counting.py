"""Stands before a real token endpoint and counts: every request is passed on, and its answer's status noted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import final

import httpx

from strongroom.core.overriding import override
from tests.plain_http import UNUSED_TLS


@final
class Counting:
    """Where it listens, and the statuses so far."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []


@contextmanager
def counting(token_endpoint: str) -> Iterator[Counting]:
    told = Counting()
    onward = httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=20)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept = {name: self.headers[name] for name in ("content-type", "authorization") if name in self.headers}
            answer = onward.post(token_endpoint, content=body, headers=kept)
            told.statuses.append(answer.status_code)
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers["content-type"])
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        @override
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        onward.close()
