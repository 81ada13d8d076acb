"""An MCP server and a token endpoint on loopback that answer what a test says, and remember what they were asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, final

from strongroom.core.overriding import override

Reply = tuple[int, str, bytes]
JSON = "application/json"


@final
@dataclass
class Double:
    """`mcp` answers a bearer token, `token` a form."""

    url: str = ""
    mcp: Callable[[str], Reply] = field(default=lambda _: welcome())
    token: Callable[[str], Reply] = field(default=lambda _: (400, JSON, b'{"error":"invalid_grant"}'))
    bearers: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    silence: threading.Event = field(default_factory=threading.Event)
    """Set it to let what hangs go."""

    @property
    def server(self) -> str:
        return f"{self.url}/mcp"

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return {
            "client_id": "client",
            "refresh_token": refresh_token,
            "token_endpoint": f"{self.url}/token",
            "token_endpoint_auth": {"type": "none"},
        }


def welcome() -> Reply:
    """What a server says that has no tools."""
    result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}
    return 200, JSON, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def accepting(wanted: str) -> Callable[[str], Reply]:
    """Return a server that takes one token alone, and quotes others as careless ones do."""
    return lambda bearer: welcome() if bearer == wanted else (401, JSON, json.dumps({"sent": bearer}).encode())


@contextmanager
def double() -> Iterator[Double]:
    told = Double()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            if self.path == "/token":
                told.forms.append(body)
                status, kind, answer = told.token(body)
            elif "notifications/" in body:
                status, kind, answer = 202, JSON, b""
            else:
                bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
                told.bearers.append(bearer)
                status, kind, answer = told.mcp(bearer)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            if status // 100 == 3:
                self.send_header("location", f"{told.url}/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self.send_error(405)

        @override
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        told.silence.set()
        server.shutdown()
        server.server_close()
        thread.join()
