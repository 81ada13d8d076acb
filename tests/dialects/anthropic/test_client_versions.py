"""The vendor's client in each of the three versions that must work, strict, each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.stage import Tenant
from tests.needs import need_environment

SCRIPT = Path(__file__).with_name("whole_surface.py")

CLIENTS: dict[str, dict[str, object]] = {
    "2.11.0": {"key in": "Bearer", "anthropic-version": "2026-10-21", "beta in query": False},
    "1.17.0": {"key in": "x-api-key", "anthropic-version": "2023-06-01", "beta in query": True},
    "0.121.0": {"key in": "x-api-key", "anthropic-version": "2023-06-01", "beta in query": True},
}

LIMITED = {"type": "limited", "allowed_hosts": ["a.example.com"], "allow_package_managers": False}
NO_PACKAGES = {"type": "packages", "apt": [], "cargo": [], "gem": [], "go": [], "npm": [], "pip": []}

EXPECTED: dict[str, object] = {
    "vault": ["vault", "Ünï", {"a": "1", "b": "2"}, True],
    "vault request id": "req_",
    "vault again": True,
    "vault updated": {"b": "2", "c": ""},
    "vault not updated": "v",
    "vaults listed": True,
    "vault archived": True,
    "vaults left": 3,
    "vaults with archived": 4,
    "vault deleted": "vault_deleted",
    "vault unknown": ["NotFoundError", 404, True, 1],
    "vault with a slash": ["NotFoundError", 404, True, 1],
    "vault invalid": ["BadRequestError", 400, True, 1],
    "oauth": ["vault_credential", "mcp_oauth", True, "n", {"k": "v"}],
    "oauth expiry": True,
    "oauth refresh": ["client_secret_basic", None],
    "bearer": {"type": "static_bearer", "mcp_server_url": "https://two.example.com"},
    "variable": {
        "type": "environment_variable",
        "secret_name": "TOKEN",
        "networking": {"type": "limited", "allowed_hosts": ["api.example.com"]},
        "injection_location": {"header": True, "body": True},
    },
    "credential again": True,
    "credentials listed": True,
    "credential conflict": ["ConflictError", 409, True, 1],
    "credential archived": True,
    "credentials with archived": 3,
    "credential deleted": "vault_credential_deleted",
    "credential unknown": ["NotFoundError", 404, True, 1],
    "environment": [
        "environment",
        "n",
        "d",
        {"type": "cloud", "networking": LIMITED | {"allow_mcp_servers": False}, "packages": NO_PACKAGES},
    ],
    "environment again": True,
    "environment updated": {
        "type": "cloud",
        "networking": LIMITED | {"allow_mcp_servers": True},
        "packages": NO_PACKAGES,
    },
    "environments listed": True,
    "environment type": [400, True, 1],
    "environment archived": True,
    "environment deleted": "environment_deleted",
    "session": ["session", "idle", True, "t", {"k": "v"}],
    "session egress": ["ca_certificate", "env", "mcp_servers", "proxy_url", "token"],
    "session again": True,
    "session updated": {},
    "sessions listed": True,
    "sessions oldest first": True,
    "sessions filtered": True,
    "session archived": "terminated",
    "environment in use": ["ConflictError", 409, True, 1],
    "session deleted": "session_deleted",
}


@pytest.mark.parametrize("version", CLIENTS)
def test_an_unmodified_client_uses_the_whole_surface(tenant: Tenant, tmp_path: Path, version: str) -> None:
    python = sys.executable if version == "2.11.0" else str(need_environment(f"anthropic-{version}"))
    ran = subprocess.run(
        [python, "-I", str(SCRIPT)],
        env={"BASE_URL": tenant.url, "KEY": tenant.key, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    seen: dict[str, Any] = json.loads(ran.stdout)
    assert seen.pop("client") == {"version": version, **CLIENTS[version]}
    assert seen == EXPECTED
