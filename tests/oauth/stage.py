"""A real authorization server, a real MCP server that it protects, and a person with a browser: all on loopback."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.node import node_program
from tests.plain_http import UNUSED_TLS

SCOPE = "mcp:tools"
HERE = Path(__file__).parent
_STEPS = 12
_FORM = re.compile(r"<form[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r"<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\"")


@contextmanager
def authorization_server(
    *,
    lifetime: int = 3600,
    clients: Sequence[Mapping[str, Any]] = (),
    registers: bool = True,
    port: int = 0,
    claims: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Run a certified authorization server; yields its issuer. Tokens live for so many seconds, and say `claims`."""
    told = {
        "lifetime": lifetime,
        "clients": [*clients],
        "registers": registers,
        "scopes": [SCOPE],
        "port": port,
        "claims": dict(claims or {}),
    }
    with _running([*node_program(HERE / "authorization_server.mjs"), json.dumps(told)]) as said:
        yield said["issuer"]


@contextmanager
def protected_server(issuer: str, *, scope: str | None = SCOPE) -> Iterator[str]:
    """Run an MCP server that takes this issuer's tokens; yields its URL."""
    wanted = [] if scope is None else [scope]
    with _running([sys.executable, str(HERE / "mcp_server.py"), issuer, *wanted]) as said:
        yield said["url"]


@contextmanager
def _running(argv: Sequence[str]) -> Iterator[dict[str, str]]:
    """Run a program that says one line of JSON once it listens, and that ends when its standard input does."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            line = program.stdout.readline()
            assert line, f"{argv[:2]} ended with {program.wait()}"
            yield json.loads(line)
        finally:
            program.stdin.close()
            program.wait(timeout=20)


class Person:
    """Somebody who signs in and consents, or does not, with a browser that keeps its cookies."""

    def __init__(self) -> None:
        self._browser = httpx.Client(trust_env=False, verify=UNUSED_TLS, timeout=20)

    def consents(self, url: str) -> str:
        """Sign in and consent; returns where the browser is sent in the end, without going there."""
        return self._led(url, until=httpx.URL(url).host, port=httpx.URL(url).port)

    def denies(self, url: str) -> str:
        """Sign in and refuse; returns where the browser is sent."""
        return self._led(url, until=httpx.URL(url).host, port=httpx.URL(url).port, denies=True)

    def enters(self, url: str) -> str:
        """Follow a URL that has the device's code in it, confirm, sign in and consent; returns the last page."""
        return self._led(url, until=httpx.URL(url).host, port=httpx.URL(url).port)

    def close(self) -> None:
        self._browser.close()

    def _led(self, url: str, *, until: str, port: int | None, denies: bool = False) -> str:
        answer = self._browser.get(url)
        for _ in range(_STEPS):
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
                if (httpx.URL(url).host, httpx.URL(url).port) != (until, port):
                    return url
                answer = self._browser.get(url)
                continue
            form = _FORM.search(answer.text)
            if form is None:
                return answer.text
            fields = {name: unescape(value) for name, value in _HIDDEN.findall(form[2])}
            if denies and fields.get("prompt") == "consent":
                url = urljoin(url, unescape(form[1]).rstrip("/") + "/abort")
                answer = self._browser.get(url)
                continue
            if fields.get("prompt") == "login":
                fields |= {"login": "somebody", "password": "anything"}
            url = urljoin(url, unescape(form[1]))
            answer = self._browser.post(url, data=fields)
        raise AssertionError(f"no end of it: {url}")
