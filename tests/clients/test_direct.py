"""Hosts that are not intercepted still verify: the bundle holds the system's certificates, and not ours alone."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from strongroom.core.client_variables import BYPASS_VARIABLES, JAVA_OPTIONS
from strongroom.core.overriding import override
from tests.clients.commands import COMMANDS, Place
from tests.clients.stage import Stage

DIRECTLY = [
    *[
        "curl",
        "wget",
        "urllib",
        "requests",
        "httpx",
        "httpx2",
        "aiohttp",
        "node-fetch",
        "node-https",
        "undici",
        "axios",
    ],
    *["deno", "go", "java-client", "java-connection", "ruby", "gh"],
]
"""Clients that send one request to a URL, whatever answers there."""


class Answers(BaseHTTPRequestHandler):
    """Says that it was reached."""

    @override
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass

    def do_GET(self) -> None:
        said = b'{"reached": "directly"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


def serving(authority: trustme.CA) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def trusted(stage: Stage) -> Iterator[str]:
    """A server whose certificate is by an authority among the system's, as the server of the stage sees them."""
    yield from serving(stage.direct_roots)


@pytest.fixture(scope="module")
def untrusted() -> Iterator[str]:
    yield from serving(trustme.CA())


def past_the_proxy(stage: Stage) -> dict[str, str]:
    java = stage.variables[JAVA_OPTIONS].replace("-Dhttp.nonProxyHosts=", "-Dhttp.nonProxyHosts=localhost")
    return {**stage.variables, **dict.fromkeys(BYPASS_VARIABLES, "localhost"), JAVA_OPTIONS: java}


@pytest.mark.parametrize("client", DIRECTLY)
def test_a_client_that_goes_there_directly_trusts_what_the_system_trusts(
    stage: Stage, tmp_path: Path, trusted: str, client: str
) -> None:
    argv = COMMANDS[client](Place(folder=tmp_path, built=stage.folder, authority=trusted))
    done = stage.runs(argv, tmp_path, past_the_proxy(stage))
    assert done.returncode == 0, done.stderr
    assert "directly" in done.stdout


@pytest.mark.parametrize("client", ["curl", "requests", "node-fetch", "go", "java-client"])
def test_and_nothing_else(stage: Stage, tmp_path: Path, untrusted: str, client: str) -> None:
    argv = COMMANDS[client](Place(folder=tmp_path, built=stage.folder, authority=untrusted))
    assert stage.runs(argv, tmp_path, past_the_proxy(stage)).returncode != 0
