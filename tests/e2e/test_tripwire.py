"""An environment that asks for refusal, as an agent and as its owner meet it."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import requests

from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Upstream, bare_environment, through, until
from tests.needs import need

VALUE = "sentinel_of_the_tripwire_0123456789"


def strict(house: House, **more: object) -> str:
    return str(house.made("/strongroom/v1/environments", {"name": "s", "stray_placeholders": "refuse", **more})["id"])


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_stray_is_refused_and_owner_and_session_learn_of_it(
    house: House, upstream: Upstream, folder: Path, version: str
) -> None:
    need("curl")
    vault = house.vault()
    credential = house.variable(vault, "TOKEN", VALUE, [ECHO_HOST])
    session = house.session(strict(house), vault)
    placeholder = session["egress"]["env"]["TOKEN"]
    roots = folder / "roots.pem"
    roots.write_text(session["egress"]["ca_certificate"])
    environment = bare_environment(folder, session["egress"]["env"] | {"CURL_CA_BUNDLE": str(roots)})

    def curl(*arguments: str) -> str:
        done = subprocess.run(
            ["curl", "-s", "-D-", version, "--max-time", "20", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    there = f"https://{OTHER_HOST}:{upstream.port}/"
    seen = len(upstream.seen)
    for arguments in (
        ("-H", f"X-Key: {placeholder}", there),
        ("-u", f"user:{placeholder}", there),
        (f"{there}?key={placeholder}",),
        ("-d", f"key={placeholder}", there),
        ("--data-binary", f"@{_large(folder, placeholder)}", there),
    ):
        said = curl(*arguments)
        assert "strongroom-refused: placeholder_not_allowed" in said
        assert placeholder not in said
    text = curl("-H", "Accept: text/plain", "-H", f"X-Key: {placeholder}", there)
    assert f"placeholder_not_allowed: the placeholder of credential {credential}" in text
    assert len(upstream.seen) == seen
    curl("-H", f"X-Key: {placeholder}", f"https://{ECHO_HOST}:{upstream.port}/")
    assert {name.lower(): value for name, value in upstream.seen[-1].headers.items()}["x-key"] == VALUE

    def told() -> tuple[set[tuple[str, str]], list[tuple[str, str, int]]]:
        events = house.call("GET", f"/strongroom/v1/sessions/{session['id']}/events").json()["data"]
        strays = {(e["target"], e["facts"]["answer"]) for e in events if e.get("action") == "placeholder.strayed"}
        shown = house.call("GET", f"/strongroom/v1/sessions/{session['id']}").json()["refusals"]
        return strays, [(row["code"], row["host"], row["count"]) for row in shown]

    expected = ({(credential, "refused")}, [("placeholder_not_allowed", OTHER_HOST, 6)])
    until(lambda: told() == expected)
    assert told() == expected
    metrics = house.call("GET", "/metrics").text
    (counted,) = re.findall(
        r'^strongroom_egress_refused_total\{code="placeholder_not_allowed"\} (.*)$', metrics, re.MULTILINE
    )
    assert float(counted) >= 6


def _large(folder: Path, placeholder: str) -> Path:
    """A body that has begun to go out long before the placeholder in it comes."""
    path = folder / "large"
    path.write_text("x" * 3_000_000 + placeholder)
    return path


def test_an_environment_that_changes_its_mind_is_heeded_in_running_sessions(
    house: House, upstream: Upstream, folder: Path
) -> None:
    vault = house.vault()
    house.variable(vault, "TOKEN", VALUE, [ECHO_HOST])
    environment = strict(house)
    session = house.session(environment, vault)
    headers = {"X-Key": session["egress"]["env"]["TOKEN"]}

    def answered() -> int:
        there = f"https://{OTHER_HOST}:{upstream.port}/"
        return through(session, folder, "GET", there, headers=headers).status_code

    assert answered() == 403
    house.made(f"/strongroom/v1/environments/{environment}", {"stray_placeholders": "report"})
    assert until(lambda: answered() == 200)


def test_a_refused_host_is_named_with_port_and_environment(house: House, folder: Path) -> None:
    environment = strict(house, config={"networking": {"type": "limited", "allowed_hosts": [ECHO_HOST]}})
    session = house.session(environment)
    with pytest.raises(requests.exceptions.ProxyError):
        through(session, folder, "GET", f"https://{OTHER_HOST}:8443/")
    plain = through(session, folder, "GET", f"http://{OTHER_HOST}:8080/", headers={"Accept": "application/json"})
    assert plain.status_code == 403
    message = json.loads(plain.text)["error"]["message"]
    assert message == f"{OTHER_HOST}:8080 is not allowed by environment {environment}, whose hosts are limited"
