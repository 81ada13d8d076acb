import pytest

from tests.dialects.skyvern.api import HERE, Api

PROVIDERS = ("onepassword", "bitwarden", "azure_credential", "custom_credential")
UNSUPPORTED = {"detail": "Unsupported organization auth credential provider"}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("slash", ["", "/"])
def test_no_outside_vault_is_set_up(api: Api, provider: str, slash: str) -> None:
    assert "not found" in api.get(f"{HERE}/{provider}/get{slash}", 404)["detail"]
    assert api.delete(f"{HERE}/{provider}{slash}") == {"success": True}
    api.post(f"{HERE}/{provider}/create{slash}", {"token": "t"}, 501)


def test_a_provider_that_nobody_knows_is_none(api: Api) -> None:
    assert api.get(f"{HERE}/nobody/get", 404) == UNSUPPORTED
    assert api.post(f"{HERE}/nobody/create", {}, 404) == UNSUPPORTED
    assert api.delete(f"{HERE}/nobody", 404) == UNSUPPORTED


def test_what_is_not_set_up_holds_nothing(api: Api) -> None:
    for provider in ("onepassword", "bitwarden"):
        assert api.get(f"{HERE}/{provider}/items") == {"configured": False, "items": []}
    assert api.get(f"{HERE}/onepassword/status")["configured"] is False
    api.post(f"{HERE}/custom_credential/test_connection", {"config": {}}, 501)
