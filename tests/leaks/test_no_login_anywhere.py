"""The same for logins, cards and secrets: sentinels in every field that is not shown, the key of codes among them."""

import base64
import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.e2e.stage import ECHO_HOST, OTHER_HOST, House, Upstream, through
from tests.leaks.test_no_secret_anywhere import (  # noqa: F401 - fixtures are found by name
    Planted,
    assert_absent,
    authority,
    house,
    upstream,
)


def planted_credentials(planted: Planted) -> list[dict[str, Any]]:
    key = base64.b32encode(secrets.token_bytes(20)).decode()
    planted.sentinels["totp"] = key
    login = {
        "type": "password",
        "username": "shown",
        "password": planted.new("password"),
        "totp": key,
        "totp_type": "authenticator",
        "metadata": {"answer": planted.new("metadata")},
    }
    names = ("card_number", "card_cvv", "card_exp_month", "card_exp_year", "card_holder_name")
    card: dict[str, Any] = {
        "type": "credit_card",
        "card_brand": "shown",
        **{name: planted.new(name) for name in names},
        "billing_address": {"city": planted.new("city")},
        "billing_email": planted.new("email"),
        "billing_phone": planted.new("phone"),
    }
    card["card_number"] += " 1111"  # the last four are shown
    return [login, card, {"type": "secret", "secret_value": planted.new("secret_value")}]


def spoiled(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Requests that must be refused, each still carrying its sentinels."""
    return [
        {"credential": fields | {"type": "unheard_of"}},
        {"credential": [fields]},
        {"credential": fields, "hosts": ["a b"]},
        {"credential": fields, "surprise": fields},
        {"credential": fields | {"metadata": fields}, "site": "nowhere"},
        {"credential": {name: value if name == "type" else [value] for name, value in fields.items()}},
        {"credential": fields, "surfaces": list(fields.values())},
    ]


def test_no_reply_log_audit_entry_or_stored_byte_holds_a_field(
    house: House,  # noqa: F811 - as above
    upstream: Upstream,  # noqa: F811
    tmp_path: Path,
) -> None:
    planted, vault = Planted(), house.vault()
    where = f"/strongroom/v1/vaults/{vault}/logins"
    named = {"display_name": "it", "site": f"https://{ECHO_HOST}:{upstream.port}/"}
    for fields in planted_credentials(planted):
        for request in spoiled(fields):
            refused = planted.hear("a refusal", house.call("POST", where, named | request))
            assert refused.status_code == 400, refused.text
        made = planted.hear("create", house.call("POST", where, named | {"credential": fields}))
        assert made.status_code == 200, made.text
        one = f"{where}/{made.json()['id']}"
        again = {name: value for name, value in fields.items() if name != "type"}
        assert planted.hear("change", house.call("POST", one, {"credential": again})).status_code == 200
        planted.hear("bad change", house.call("POST", one, {"credential": again | {"sentinel": again}}))
        planted.hear("describe", house.call("GET", one))

    session = house.session(house.environment_id(), vault)
    held = {name: value for name, value in session["egress"]["env"].items() if name.startswith("IT_")}
    assert len(held) == 4 + 8 + 1
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for host in (ECHO_HOST, OTHER_HOST):
        url = f"https://{host}:{upstream.port}/"
        reply = through(session, tmp_path, "POST", url, headers=form, data=urlencode(held))
        planted.hear(url, reply)
        reply = through(session, tmp_path, "POST", url, headers={"X-Key": held["IT_PASSWORD"]}, json=held)
        planted.hear(url, reply)
    arrived = json.loads(upstream.seen[1].body)
    assert {arrived["IT_PASSWORD"], arrived["IT_CARD_CVV"], arrived["IT_SECRET_VALUE"]} < set(
        planted.sentinels.values()
    )
    assert len(arrived["IT_TOTP"]) == 6

    for reading in (where, f"/strongroom/v1/sessions/{session['id']}/events", "/strongroom/v1/audit", "/metrics"):
        assert planted.hear(reading, house.call("GET", reading)).status_code == 200
    listed = subprocess.run(
        [sys.executable, "-m", "strongroom", "credential", "list", "--vault", vault, "--json"],
        env=house.environment | {"STRONGROOM_URL": house.api},
        capture_output=True,
        check=True,
    )
    planted.heard.append(("the command line", listed.stdout + listed.stderr))
    assert len(planted.sentinels) == 1 + 2 + 8 + 1
    for place, data in planted.heard:
        assert_absent(planted, place, data)
    house.process.terminate()
    assert house.process.wait(20) == 0
    assert_absent(planted, "the log", house.log.read_bytes())
    for file in house.data_dir.rglob("*"):
        if file.is_file():
            assert_absent(planted, file.name, file.read_bytes())
