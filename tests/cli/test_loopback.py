"""The port that waits for a browser, and whether there is a browser at all."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from strongroom.cli.browser import has_browser
from strongroom.cli.loopback import Listener, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def asks(listener: Listener, target: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection("127.0.0.1", urlsplit(listener.redirect).port or 0, timeout=10)
    connection.request(method, target)
    answer = connection.getresponse()
    said = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return said


def test_it_listens_on_this_machine_alone(listener: Listener) -> None:
    assert listener.redirect.startswith("http://127.0.0.1:")


def test_the_answer_with_our_state_is_handed_over_and_the_browser_hears_the_verdict(listener: Listener) -> None:
    listener.expect("the-state")
    heard: list[tuple[int, dict[str, str], str]] = []
    browser = threading.Thread(target=lambda: heard.append(asks(listener, "/callback?code=c&state=the-state&iss=x")))
    browser.start()
    answer = listener.wait(10)
    assert answer is not None
    assert answer.url.reveal().endswith("/callback?code=c&state=the-state&iss=x")
    assert "code=c" not in repr(answer)
    answer.tell("Not connected", "<b>because</b>")
    browser.join(10)
    ((status, headers, page),) = heard
    assert status == 200
    assert "&lt;b&gt;because" in page
    assert "<b>" not in page
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["referrer-policy"] == "no-referrer"


def test_who_tells_the_verdict_goes_on_when_the_page_is_sent(listener: Listener) -> None:
    listener.expect("the-state")
    with socket.create_connection(("127.0.0.1", urlsplit(listener.redirect).port or 0), timeout=10) as browser:
        browser.sendall(b"GET /callback?code=c&state=the-state HTTP/1.1\r\nHost: here\r\n\r\n")
        answer = listener.wait(10)
        assert answer is not None
        answer.tell("Connected", "because")
        browser.setblocking(False)  # what is not there now would be lost with the process
        assert browser.recv(10_000).endswith(b"</html>\n")


def test_a_browser_that_has_gone_and_an_answer_that_was_pasted_keep_nobody(listener: Listener) -> None:
    listener.expect("the-state")
    with socket.create_connection(("127.0.0.1", urlsplit(listener.redirect).port or 0), timeout=10) as browser:
        browser.sendall(b"GET /callback?code=c&state=the-state HTTP/1.1\r\nHost: here\r\n\r\n")
        gone = listener.wait(10)
    listener.take_from(io.StringIO("http://127.0.0.1:1/callback?code=c\n"))
    pasted = listener.wait(10)
    assert gone is not None
    assert pasted is not None
    began = time.monotonic()
    gone.tell("Connected", "because")
    pasted.tell("Connected", "because")
    assert time.monotonic() - began < 8  # it would be ten seconds, and ten more


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/callback?code=c&state=another", 400),
        ("/callback?code=c", 400),
        ("/callback", 400),
        ("/callback?code=c&state=the-state&state=the-state", 400),
        ("/favicon.ico", 404),
        ("/?state=the-state", 404),
    ],
)
def test_whatever_else_knocks_is_turned_away_and_ends_nothing(listener: Listener, target: str, status: int) -> None:
    listener.expect("the-state")
    assert asks(listener, target)[0] == status
    assert listener.wait(0) is None


def test_before_a_state_is_known_nothing_counts(listener: Listener) -> None:
    assert asks(listener, "/callback?code=c&state=the-state")[0] == 400
    assert listener.wait(0) is None


def test_only_a_browser_that_goes_there_counts(listener: Listener) -> None:
    listener.expect("the-state")
    assert asks(listener, "/callback?code=c&state=the-state", "POST")[0] == 501
    assert listener.wait(0) is None


@pytest.mark.parametrize(
    ("environ", "system", "there"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "firefox"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({}, "darwin", True),
    ],
)
def test_a_browser_is_expected_where_there_is_a_display(environ: dict[str, str], system: str, *, there: bool) -> None:
    assert has_browser(environ, system=system) is there
