"""The published client, unmodified, in an environment of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.skyvern.behaviours import covers
from tests.dialects.stage import Tenant
from tests.needs import need_environment

SCRIPT = Path(__file__).parent / "whole_surface.py"
UNKNOWN_KEY = ["ApiError", 403, {"detail": "Invalid credentials"}]


@pytest.fixture
def seen(tenant: Tenant, tmp_path: Path) -> dict[str, Any]:
    ran = subprocess.run(
        [str(need_environment("skyvern-1.0.56")), "-I", str(SCRIPT)],
        env={"BASE_URL": tenant.url, "KEY": tenant.key, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@covers("V001", "V002", "V003", "V004", "V005", "V006", "V007", "V008", "V009", "V010", "V011", "V012")
def test_an_unmodified_client_uses_the_whole_surface(seen: dict[str, Any]) -> None:
    assert seen == {
        "password": ["PasswordCredentialResponse", "cred_", "skyvern", "u@e.co"],
        "again": True,
        "secret": ["SecretCredentialResponse", "lab"],
        "explicit null": "none",
        "updated": [True, "other"],
        "deleted": None,
        "missing": ["ApiError", 404, {"detail": "Credential not found"}],
        "invalid": ["UnprocessableEntityError", 422, ["body", "credential", "username"], True],
        "page": ["2", "1"],
        "found": ["s"],
        "pushed": ["TotpCode", "123456", "user@e.co", "totp"],
        "located": [{"country": "US", "subdivision": "CA", "city": None}, "https://example.com/login"],
        "wrong key": UNKNOWN_KEY,
        "no key": UNKNOWN_KEY,
        "card": ["CreditCardCredentialResponse", "1111", "visa"],
        "card updated": "0004",
        "card deleted": None,
        "async page": 3,
        "async pushed": "magic_link",
        "documented": ["PasswordCredentialResponse", True],
        "prefixed": [["GET", "/skyvern/v1/credentials"]] * 2,
    }
