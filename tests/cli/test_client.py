"""The HTTP client against servers that misbehave."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from strongroom.cli.client import Client, path
from strongroom.cli.complaint import Complaint, NoServer, Refusal
from strongroom.core.overriding import override
from strongroom.core.secret import Secret

KEY = "srk_a-key-that-must-not-show"


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """Run a server; yield its address and the requests it got."""
    seen: list[BaseHTTPRequestHandler] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            answer(self)

        do_POST = do_GET  # noqa: N815 - the base class's naming

        @override
        def log_message(self, *args: object) -> None:
            """Be quiet."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", seen
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def says(status: int, body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def client(address: str) -> Client:
    return Client(server=address, key=Secret(KEY), timeout=5)


def test_the_key_goes_in_a_header_and_the_vendors_headers_go_along() -> None:
    with server(says(200, b"{}")) as (address, seen):
        client(address).post("/v1/vaults", {"display_name": "a"})
    (request,) = seen
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2026-10-21"
    assert KEY not in request.path
    assert KEY not in repr(client(address))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_key(status: int) -> None:
    with (
        server(says(200, b"{}")) as (elsewhere, seen),
        server(says(status, b"", location=elsewhere)) as (address, _),
    ):
        for send in (client(address).get, client(address).post):
            with pytest.raises(Refusal, match=f"answered {status}"):
                send("/v1/vaults")
    assert seen == []


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[]", b"null", b'"x"', b"[" * 100_000])
def test_an_answer_that_is_not_json_is_said_to_be_none_of_ours(body: bytes) -> None:
    with server(says(200, body)) as (address, _), pytest.raises(Complaint, match="does not answer like a Strongroom"):
        client(address).get("/v1/vaults")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "x"}', b'{"error": null}'])
def test_a_refusal_without_our_shape_is_still_one_sentence(body: bytes) -> None:
    with server(says(502, body)) as (address, _), pytest.raises(Refusal, match="answered 502 and no reason"):
        client(address).get("/v1/vaults")


def test_a_refusal_says_the_servers_sentence_and_a_crash_its_request() -> None:
    body = b'{"error": {"message": "vault x not found"}, "request_id": "req_1"}'
    with server(says(404, body)) as (address, _), pytest.raises(Refusal, match=r"^vault x not found$"):
        client(address).get("/v1/vaults/x")
    with server(says(500, body)) as (address, _), pytest.raises(Refusal, match=r"\(request req_1\)$"):
        client(address).get("/v1/vaults/x")


def test_a_server_that_hangs_up_is_no_server() -> None:
    def hang_up(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True

    with server(hang_up) as (address, _), pytest.raises(NoServer, match="no server answers"):
        client(address).get("/v1/vaults")


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def break_off(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", "100")
        request.end_headers()
        request.wfile.write(b'{"data')

    with server(break_off) as (address, _), pytest.raises(NoServer, match="IncompleteRead"):
        client(address).get("/v1/vaults")


@pytest.mark.parametrize("date", ["yesterday", "Sat, 21 Nov 2026 05:01:18 -0000"])
def test_a_date_that_is_none_is_not_ours(date: str) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(200)
        request.send_header("date", date)
        request.send_header("content-length", "0")
        request.end_headers()

    with server(answer) as (address, _), pytest.raises(Complaint, match="does not answer like a Strongroom"):
        client(address).clock_difference()


def test_a_server_that_never_answers_is_given_up() -> None:
    release = threading.Event()

    def wait(request: BaseHTTPRequestHandler) -> None:
        release.wait(10)
        request.close_connection = True

    with server(wait) as (address, _):
        with pytest.raises(NoServer, match=r"did not answer within 0\.2 seconds"):
            Client(server=address, key=None, timeout=0.2).get("/v1/vaults")
        release.set()


def test_pages_are_read_to_the_end() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        last = "page=p2" in request.path
        says(200, b'{"data": [{"n": 2}], "next_page": null}' if last else b'{"data": [{"n": 1}], "next_page": "p2"}')(
            request
        )

    with server(answer) as (address, seen):
        rows = list(client(address).every("/v1/vaults", include_archived=False))
    assert rows == [{"n": 1}, {"n": 2}]
    assert "include_archived=false" in seen[0].path


def test_segments_of_a_path_are_encoded() -> None:
    assert path("v1", "vaults", "a/b?c#d") == "/v1/vaults/a%2Fb%3Fc%23d"
    assert path("\udcff") == "/%FF"  # a byte that was no UTF-8, as the shell hands it on
