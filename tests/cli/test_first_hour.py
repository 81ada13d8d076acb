"""The main job, as a person types it: store a secret, run a program on it, look at what happened."""

import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
import trustme

from tests.cli.shell import Shell
from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Upstream, running_upstream
from tests.needs import need

T = TypeVar("T")

VALUE = "the-real-value-of-the-first-hour"
CURL = 'curl -sS --max-time 20 -H "Authorization: Bearer $TOKEN" https://{host}:{port}/'
PYTHON = (
    "import os, sys, urllib.request\n"
    "request = urllib.request.Request(sys.argv[1], headers={'Authorization': 'Bearer ' + os.environ['TOKEN']})\n"
    "print(urllib.request.urlopen(request, timeout=20).read().decode())\n"
)


@pytest.fixture
def upstream(authority: trustme.CA) -> Iterator[Upstream]:
    with running_upstream(authority) as running:
        yield running


@pytest.fixture
def stocked(shell: Shell) -> Shell:
    if not any(vault["display_name"] == "default" for vault in shell.json("vault", "list")):
        shell.json("credential", "add", "TOKEN", "--host", ECHO_HOST, "--value-stdin", stdin=VALUE + "\n")
    return shell


def sent(upstream: Upstream) -> str:
    (request,) = upstream.seen
    return {name.lower(): value for name, value in request.headers.items()}["authorization"]


@pytest.mark.parametrize("program", ["curl", "python"])
def test_the_upstream_gets_the_secret_and_the_program_never_does(
    stocked: Shell, upstream: Upstream, program: str
) -> None:
    if program == "curl":
        need("curl")
        command = ["sh", "-c", CURL.format(host=ECHO_HOST, port=upstream.port)]
    else:
        command = [sys.executable, "-c", PYTHON, f"https://{ECHO_HOST}:{upstream.port}/"]
    done = stocked.types("run", "--", *command)
    assert done.returncode == 0, done.stderr
    assert sent(upstream) == f"Bearer {VALUE}"
    assert "Bearer srp_" in done.stdout
    assert VALUE not in done.stdout + done.stderr


def test_a_host_that_is_not_listed_gets_the_placeholder_and_the_session_tells(
    stocked: Shell, house: House, upstream: Upstream
) -> None:
    need("curl")
    done = stocked.types("run", "--", "sh", "-c", CURL.format(host=OTHER_HOST, port=upstream.port))
    assert done.returncode == 0, done.stderr
    assert sent(upstream).startswith("Bearer srp_")

    def strays() -> list[tuple[str, str]]:
        events = house.call("GET", f"/strongroom/v1/sessions/{done.stderr.split()[-1]}/events").json()["data"]
        return [(event["action"], event["facts"]["host"]) for event in events if event["type"] == "security_event"]

    assert until(strays) == [("placeholder.strayed", OTHER_HOST)]


def test_what_was_refused_is_shown_with_its_session(stocked: Shell, upstream: Upstream) -> None:
    need("curl")
    stocked.json("environment", "create", "closed", "--limited")
    curl = ["curl", "-s", "--max-time", "20", f"http://{OTHER_HOST}:{upstream.port}/"]
    done = stocked.types("run", "--environment", "closed", "--", *curl)
    assert "host_not_allowed" in done.stdout, done.stderr
    session = done.stderr.split()[-1]

    def refused() -> list[tuple[str, str, int]]:
        rows = stocked.json("session", "show", session)["refusals"]
        return [(row["code"], row["host"], row["count"]) for row in rows]

    assert until(refused) == [("host_not_allowed", OTHER_HOST, 1)]
    assert "host_not_allowed" in stocked.gets("session", "show", session)


def test_uses_are_shown_with_their_session(stocked: Shell, upstream: Upstream) -> None:
    need("curl")
    said = stocked.types("run", "--", "sh", "-c", CURL.format(host=ECHO_HOST, port=upstream.port)).stderr
    session = said.split()[-1]
    uses = until(lambda: stocked.json("session", "show", session)["uses"])
    assert [(use["host"], use["count"]) for use in uses] == [(ECHO_HOST, 1)]
    assert ECHO_HOST in stocked.gets("session", "show", session)


def until(look: Callable[[], list[T]]) -> list[T]:
    """Look until there is something; counts are written once a second, each look takes a part of one."""
    for _ in range(1000):
        found = look()
        if found:
            return found
    raise AssertionError("nothing came")
