"""A login with curl through a running server: forms, JSON, Basic authorization, and a code that its server accepts."""

import json
import subprocess
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from strongroom.core.secret import Secret
from strongroom.core.totp_keys import parsed
from strongroom.crypto.totp import code_at
from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Upstream, bare_environment
from tests.needs import need

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
USER, PASSWORD = "me@example.test", 'sentinel "of" ä & logins'


def accepted(code: str) -> bool:
    """As a server decides: the code of this half minute, or of the one before."""
    now = datetime.now(UTC)
    return any(
        code_at(parsed(Secret(KEY)), moment).code == Secret(code) for moment in (now, now - timedelta(seconds=30))
    )


@pytest.fixture
def session(house: House, upstream: Upstream) -> dict[str, Any]:
    vault = house.vault()
    login = {"type": "password", "username": USER, "password": PASSWORD, "totp": KEY, "totp_type": "authenticator"}
    site = f"https://{ECHO_HOST}:{upstream.port}/login"
    body = {"credential": login, "display_name": "bank", "site": site}
    made = house.made(f"/strongroom/v1/vaults/{vault}/logins", body)
    assert made["variables"] == ["BANK_USERNAME", "BANK_PASSWORD", "BANK_TOTP"]
    return dict(house.session(house.environment_id(), vault))


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_an_agent_signs_in_and_sees_none_of_it(
    session: dict[str, Any], upstream: Upstream, folder: Path, version: str
) -> None:
    need("curl")
    held = session["egress"]["env"]
    roots = folder / "roots.pem"
    roots.write_text(session["egress"]["ca_certificate"])
    environment = bare_environment(folder, held | {"CURL_CA_BUNDLE": str(roots)})

    def curl(*arguments: str, host: str = ECHO_HOST) -> str:
        done = subprocess.run(
            ["curl", "-s", version, "--max-time", "20", *arguments, f"https://{host}:{upstream.port}/login"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    names = {"user": "BANK_USERNAME", "pass": "BANK_PASSWORD", "otp": "BANK_TOTP"}
    fields = [part for field, name in names.items() for part in ("--data-urlencode", f"{field}={held[name]}")]
    said = curl(*fields)
    form = {name: value for name, [value] in parse_qs(upstream.seen[-1].body.decode(), strict_parsing=True).items()}
    assert (form["user"], form["pass"], accepted(form["otp"])) == (USER, PASSWORD, True)
    assert form["otp"] not in said
    assert held["BANK_TOTP"] in said
    assert "sentinel" not in said
    assert "me%40example.test" in said

    said = curl("-H", "Content-Type: application/json", "-d", json.dumps({f: held[n] for f, n in names.items()}))
    got = json.loads(upstream.seen[-1].body)
    assert (got["user"], got["pass"], accepted(got["otp"])) == (USER, PASSWORD, True)
    assert "sentinel" not in said

    said = curl("-u", f"{held['BANK_USERNAME']}:{held['BANK_PASSWORD']}")
    basic = upstream.seen[-1].headers["Authorization"].removeprefix("Basic ")
    assert b64decode(basic).decode() == f"{USER}:{PASSWORD}"
    assert "sentinel" not in said
    assert basic not in said

    assert held["BANK_PASSWORD"] in curl("-d", held["BANK_PASSWORD"], host=OTHER_HOST)
    assert upstream.seen[-1].body == held["BANK_PASSWORD"].encode()
