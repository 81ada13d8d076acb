"""Who holds a provider token, as the use cases see it: held to one vault, and only as long as the token is good."""

import pytest

from strongroom.core.credentials import NewCredential
from strongroom.core.failures import NotAuthenticated, NotPermitted
from strongroom.core.grants import Principal
from strongroom.core.ids import CredentialId, VaultId
from strongroom.core.secret import Secret
from strongroom.dialects.skyvern_provider.wire import read_item
from tests.dialects.skyvern_provider.skyvern import Skyvern
from tests.dialects.skyvern_provider.test_items import LABELLED
from tests.dialects.skyvern_provider.test_tokens import TOKENS
from tests.dialects.stage import Stage, Tenant


def holder(stage: Stage, skyvern: Skyvern) -> Principal:
    return stage.run(stage.house.services.provider_authentication.principal(Secret(skyvern.token)))


def new() -> NewCredential:
    return read_item({"name": "n", **LABELLED})


def test_the_gate_holds_a_token_to_the_vault_of_its_namespace(stage: Stage, skyvern: Skyvern, tenant: Tenant) -> None:
    raw, services = tenant.raw(), stage.house.services
    (token,) = raw.get(TOKENS).json()["data"]
    other = raw.made("/v1/vaults", {"display_name": "other"})["id"]
    principal = holder(stage, skyvern)
    assert stage.run(services.credentials.create(principal, VaultId(token["vault_id"]), new())).id
    with pytest.raises(NotPermitted, match="its vault is not granted"):
        stage.run(services.credentials.create(principal, VaultId(other), new()))
    with pytest.raises(NotPermitted, match="scope"):
        stage.run(services.keys.page(principal))


async def test_a_token_that_is_revoked_while_its_request_is_read_does_nothing_more(
    stage: Stage, skyvern: Skyvern, tenant: Tenant
) -> None:
    id_ = CredentialId(await skyvern.store("n", LABELLED))
    principal, items, raw = holder(stage, skyvern), stage.house.services.provider_items, tenant.raw()
    assert stage.run(items.read(principal, id_, peer="127.0.0.1"))
    (token,) = raw.get(TOKENS).json()["data"]
    raw.made(f"{TOKENS}/{token['id']}/revoke")
    for asked in (
        items.read(principal, id_, peer="127.0.0.1"),
        items.delete(principal, id_, peer="127.0.0.1"),
        items.store(principal, new()),
    ):
        with pytest.raises(NotAuthenticated):
            stage.run(asked)
