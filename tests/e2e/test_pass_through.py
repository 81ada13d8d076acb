"""Hosts whose clients accept no other certificate: TLS goes through, and what can still be held is held."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Upstream, bare_environment, running_house, through, until
from tests.needs import need


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    passing = {"STRONGROOM_EGRESS_PASS_THROUGH": f"{ECHO_HOST}, *.pinned.test"}
    with running_house(tmp_path_factory.mktemp("house"), authority, extra=passing) as running:
        yield running


@pytest.fixture
def pinned(authority: trustme.CA, folder: Path) -> Path:
    """The only certificates that the client accepts: the upstream's own."""
    path = folder / "pinned.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def session_with(house: House, hosts: list[str] | None = None) -> dict[str, Any]:
    vault = house.vault()
    house.variable(vault, "TOKEN", "sentinel_of_the_pinned", [ECHO_HOST, OTHER_HOST], header=True)
    return house.session(house.environment_id(hosts), vault)


def curl(
    session: dict[str, Any], folder: Path, pinned: Path, url: str, *options: str
) -> subprocess.CompletedProcess[str]:
    argv = [need("curl"), "-sS", "--cacert", str(pinned), "--proxy", session["egress"]["proxy_url"], *options, url]
    return subprocess.run(argv, env=bare_environment(folder), capture_output=True, text=True, timeout=30)


def test_a_client_that_pins_the_upstreams_certificate_reaches_it_with_what_it_sent_itself(
    house: House, upstream: Upstream, folder: Path, pinned: Path
) -> None:
    session = session_with(house)
    placeholder = session["egress"]["env"]["TOKEN"]
    url = f"https://{ECHO_HOST}:{upstream.port}/x"
    ran = curl(session, folder, pinned, url, "-H", f"X-Key: {placeholder}", url)
    assert ran.returncode == 0, ran.stderr
    assert [seen.headers["X-Key"] for seen in upstream.seen] == [placeholder] * 2
    events = house.call("GET", f"/strongroom/v1/sessions/{session['id']}/events").json()["data"]
    (connected,) = [event for event in events if event.get("action") == "egress.connect"]
    assert (connected["target"], connected["facts"]["pass_through"]) == (ECHO_HOST, 1)
    assert not [event for event in events if event.get("action") == "credential.use"]


def test_other_hosts_are_served_as_ever(house: House, upstream: Upstream, folder: Path) -> None:
    session = session_with(house)
    placeholder = session["egress"]["env"]["TOKEN"]
    url = f"https://{OTHER_HOST}:{upstream.port}/"
    assert through(session, folder, "GET", url, headers={"X-Key": placeholder}).ok
    assert upstream.seen[-1].headers["X-Key"] == "sentinel_of_the_pinned"


def test_another_name_inside_is_not_let_pass(house: House, upstream: Upstream, folder: Path, pinned: Path) -> None:
    session = session_with(house)
    to = f"{OTHER_HOST}:{upstream.port}:{ECHO_HOST}:{upstream.port}"
    ran = curl(session, folder, pinned, f"https://{OTHER_HOST}:{upstream.port}/", "--connect-to", to)
    assert (ran.returncode, upstream.seen) == (35, [])
    assert "access denied" in ran.stderr

    def refusals() -> list[tuple[str, str, int]]:
        shown = house.call("GET", f"/strongroom/v1/sessions/{session['id']}").json()
        return [(each["code"], each["host"], each["count"]) for each in shown["refusals"]]

    assert until(lambda: refusals() == [("bad_request", ECHO_HOST, 1)])  # counts are written once a second


def test_the_environment_still_decides(house: House, upstream: Upstream, folder: Path, pinned: Path) -> None:
    session = session_with(house, [OTHER_HOST])
    ran = curl(session, folder, pinned, f"https://{ECHO_HOST}:{upstream.port}/")
    assert (ran.returncode, upstream.seen) == (56, [])
    assert "403" in ran.stderr


def test_the_connection_ends_with_its_session(house: House, upstream: Upstream, folder: Path, pinned: Path) -> None:
    session = session_with(house)
    proxy = session["egress"]["proxy_url"]
    ended = threading.Event()
    with requests.Session() as client:
        client.trust_env, client.verify = False, str(pinned)
        streaming = client.get(
            f"https://{ECHO_HOST}:{upstream.port}/stream", proxies={"https": proxy}, stream=True, timeout=30
        )
        assert next(streaming.iter_content(13)) == b"data: first\n\n"

        def read() -> None:
            with contextlib.suppress(requests.exceptions.RequestException):
                b"".join(streaming.iter_content(1))
            ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert house.call("POST", f"/strongroom/v1/sessions/{session['id']}/end").ok
        assert ended.wait(5)
        reader.join()
