"""What a worker is given is what its server was told."""

import json
from pathlib import Path

import pytest

from strongroom.assembly.doors import Doors
from strongroom.core.secret import Secret
from strongroom.settings import Settings
from strongroom.workers.handover import Handover

GIVEN = {
    "data_dir": "/var/lib/strongroom",
    "host": "0.0.0.0",  # noqa: S104 - not bound here
    "port": "1",
    "proxy_port": "2",
    "advertise_host": "vault.example.com",
    "public_url": "https://vault.example.com",
    "path_prefix": "/vault",
    "database_url": "sqlite:////var/lib/other.db",
    "root_key": "passphrase:",
    "root_passphrase": "correct horse",
    "admin_key": "an-operators-own-admin-key",
    "egress_allow_private": "10.0.0.0/8,fd00::/8",
    "egress_pass_through": "api.example.com,*.example.org",
    "upstream_ca_file": "/etc/roots.pem",
    "resolve": "api.example.com=10.0.0.1",
    "session_lifetime": "90",
    "strict_beta": "true",
    "creates_per_minute": "3",
    "requests_per_minute": "4",
    "insecure_upstreams": "true",
    "log_level": "debug",
    "workers": "4",
    "egress_head_bytes": "2048",
    "default_custodian": "openbao",
    "gcp_key_file": "/etc/gcp.json",
    "provider_requests_per_minute": "5",
    "ambient_cloud_identity": "true",
    "cloud_inference_hosts": "bedrock.example.com",
    "require_secret_on_host_change": "true",
    "jwt_issuer": "https://login.example.com",
    "jwt_audience": "strongroom",
    "jwks_url": "https://login.example.com/keys",
    "issues_tokens": "false",
    "jwt_organization": "org_1",
    "jwt_new_organizations": "false",
}
EXTERNAL = ("custom_", "bitwarden_", "azure_", "gcp_", "aws_", "openbao_")
GIVEN |= {name: f"the {name}" for name in Settings.model_fields if name.startswith(EXTERNAL) and name not in GIVEN}
GIVEN |= {name: "600" for name in Settings.model_fields if name.startswith("egress_") and name not in GIVEN}
DOORS = Doors(api=("127.0.0.1", 1), proxy=("::", 2))


def given(**more: str) -> Settings:
    return Settings.load({f"STRONGROOM_{name.upper()}": value for name, value in (GIVEN | more).items()})


def test_every_setting_arrives_as_it_was_but_the_admin_key() -> None:
    settings, plain = given(), Settings()
    same = [name for name in Settings.model_fields if getattr(settings, name) == getattr(plain, name)]
    assert same == [], "give each new setting a value above, so that its way is tested"
    line = json.dumps(Handover(settings=settings, doors=DOORS, number=3).written())
    assert GIVEN["admin_key"] not in line
    arrived = Handover.read(json.loads(line))
    assert arrived.settings == settings.model_copy(update={"admin_key": None})
    assert arrived.settings.root_passphrase == Secret("correct horse")
    assert arrived.settings.openbao_token == Secret("the openbao_token")
    assert (arrived.doors, arrived.number) == (DOORS, 3)


def test_without_a_passphrase_none_arrives(tmp_path: Path) -> None:
    settings = Settings.load({}, {"data_dir": tmp_path})
    arrived = Handover.read(json.loads(json.dumps(Handover(settings=settings, doors=DOORS, number=1).written())))
    assert arrived.settings == settings


@pytest.mark.parametrize("shown", [repr, str])
def test_a_hand_over_does_not_show_its_passphrase(shown: type[str]) -> None:
    written = shown(Handover(settings=given(), doors=DOORS, number=3))
    assert "horse" not in written
    assert "the openbao_token" not in written
