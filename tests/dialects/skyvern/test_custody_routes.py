"""An organization's own settings of other vaults: kept, replaced, forgotten, and never shown with a secret."""

import json
from typing import Any

import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.bodies import body

UNSUPPORTED = {"detail": "Unsupported organization auth credential provider"}
NOT_FOUND = {"detail": "Organization auth token not found"}
MASK = "********"
SECRET = "the-provider-secret"
BODIES: dict[str, tuple[dict[str, Any], str, str, Any]] = {
    "custom_credential": (
        {"config": {"api_base_url": "https://vault.example.com/creds", "api_token": SECRET}},
        "custom_credential_service",
        "token",
        json.dumps({"api_base_url": "https://vault.example.com/creds", "api_token": MASK}),
    ),
    "bitwarden": (
        {"credential": {"email": "ada@example.com", "master_password": SECRET}},
        "bitwarden_credential",
        "credential",
        {"email": "ada@example.com"},
    ),
    "azure_credential": (
        {"credential": {"tenant_id": "t", "client_id": "c", "client_secret": SECRET}},
        "azure_client_secret_credential",
        "credential",
        {"tenant_id": "t", "client_id": "c", "client_secret": MASK},
    ),
}


@pytest.mark.parametrize("provider", sorted(BODIES))
@pytest.mark.parametrize("slash", ["", "/"])
def test_settings_are_kept_replaced_and_forgotten_and_show_no_secret(api: Api, provider: str, slash: str) -> None:
    body, kind, where, shown = BODIES[provider]
    assert api.get(f"{HERE}/{provider}/get{slash}", 404) == NOT_FOUND
    made = api.post(f"{HERE}/{provider}/create{slash}", body, 200)["token"]
    assert made["id"].startswith("oat_")
    assert (made["token_type"], made["valid"], made[where]) == (kind, True, shown)
    assert SECRET not in json.dumps(made)
    assert api.get(f"{HERE}/{provider}/get{slash}") == {"token": made}
    again = api.post(f"{HERE}/{provider}/create{slash}", body, 200)["token"]
    assert again["id"] != made["id"]
    assert api.get(f"{HERE}/{provider}/get")["token"]["id"] == again["id"]
    for _ in range(2):
        assert api.delete(f"{HERE}/{provider}{slash}") == {"success": True}
    assert api.get(f"{HERE}/{provider}/get", 404) == NOT_FOUND


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("custom_credential", {}),
        ("custom_credential", {"config": {"api_base_url": "https://x"}}),
        ("custom_credential", {"config": {"api_base_url": "https://x", "api_token": f"{SECRET}\r\nx: y"}}),
        ("bitwarden", {"credential": {"email": "no address", "master_password": SECRET}}),
        ("bitwarden", {"credential": {"email": "a@b.co", "master_password": ""}}),
        ("azure_credential", {"credential": {"tenant_id": "t", "client_id": "c", "client_secret": 5}}),
    ],
)
def test_what_cannot_be_settings_is_refused_and_not_quoted(api: Api, provider: str, body: dict[str, Any]) -> None:
    refused = api.post(f"{HERE}/{provider}/create", body, 422)
    assert SECRET not in json.dumps(refused)
    assert api.get(f"{HERE}/{provider}/get", 404) == NOT_FOUND


def test_one_password_can_be_asked_about_and_not_set_up(api: Api) -> None:
    assert api.get(f"{HERE}/onepassword/get", 404) == NOT_FOUND
    api.post(f"{HERE}/onepassword/create", {"token": "t"}, 501)
    assert api.delete(f"{HERE}/onepassword") == {"success": True}
    assert api.get(f"{HERE}/onepassword/status")["configured"] is False


def test_a_provider_that_nobody_knows_is_none(api: Api) -> None:
    assert api.get(f"{HERE}/nobody/get", 404) == UNSUPPORTED
    assert api.post(f"{HERE}/nobody/create", {}, 404) == UNSUPPORTED
    assert api.delete(f"{HERE}/nobody", 404) == UNSUPPORTED


def test_what_is_not_set_up_holds_nothing(api: Api) -> None:
    for provider in ("onepassword", "bitwarden"):
        assert api.get(f"{HERE}/{provider}/items") == {"configured": False, "items": []}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/creds", "ftp://x", "", "http://169.254.169.254/latest"])
def test_a_connection_that_cannot_be_made_is_400_and_shows_no_token(api: Api, url: str) -> None:
    body = {"config": {"api_base_url": url, "api_token": SECRET}}
    refused = api.post(f"{HERE}/custom_credential/test_connection", body, 400)
    assert refused["detail"].startswith("Custom credential service connection failed: ")
    assert SECRET not in refused["detail"]


@pytest.mark.parametrize("url", ["ftp://x", " ", "https://x?y=z"])
def test_a_vault_whose_address_is_none_is_named_and_keeps_nothing(api: Api, url: str) -> None:
    api.post(f"{HERE}/custom_credential/create", {"config": {"api_base_url": url, "api_token": SECRET}})
    refused = api.post(HERE, body(vault_type="custom"), 400)
    assert refused["detail"].startswith("vault_type: names custom, whose URL must be ")
    assert api.get(HERE) == []


def test_a_key_that_may_not_see_to_vaults_sets_none_up(codes: Api) -> None:
    body, *_ = BODIES["custom_credential"]
    assert "vaults:write" in codes.post(f"{HERE}/custom_credential/create", body, 403)["detail"]
    assert "vaults:read" in codes.get(f"{HERE}/custom_credential/get", 403)["detail"]
    assert "vaults:write" in codes.post(f"{HERE}/custom_credential/test_connection", body, 403)["detail"]
    codes.call("DELETE", f"{HERE}/custom_credential", status=403)
