"""What an operator shares into a namespace, and when items may be read."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from tests.dialects.skyvern_provider.conftest import Opened
from tests.dialects.skyvern_provider.skyvern import Failed, Skyvern
from tests.dialects.skyvern_provider.test_items import PASSWORD
from tests.dialects.skyvern_provider.test_tokens import TOKENS, entries, scoped
from tests.dialects.stage import Raw, Tenant

_numbers = count(1)


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def namespace() -> str:
    return f"team / {next(_numbers)} ü"


@pytest.fixture
def skyvern(opened: Opened, operator: Raw, namespace: str) -> Skyvern:
    """A Skyvern of the operator's own workspace."""
    return opened(namespace, operator)


@pytest.fixture
async def elsewhere(opened: Opened, operator: Raw) -> str:
    """A login that lies in another vault of the workspace."""
    return await opened("", operator).store("elsewhere", PASSWORD)


def items(namespace: str, *credential: str) -> str:
    return "/".join(["/strongroom/v1/provider-namespaces", quote(namespace, safe=""), "items", *credential])


async def test_a_shared_credential_is_read_until_it_is_withdrawn(
    operator: Raw, skyvern: Skyvern, namespace: str, elsewhere: str
) -> None:
    with pytest.raises(Failed, match="HTTP 404"):
        await skyvern.read(elsewhere)
    shared = operator.made(items(namespace, elsewhere), {})
    assert (shared["id"], shared["shared"], shared["opens_at"]) == (elsewhere, True, None)
    assert await skyvern.read(elsewhere) == PASSWORD
    (listed,) = operator.get(items(namespace)).json()["data"]
    assert listed == shared
    for _ in range(2):
        assert operator.call("DELETE", items(namespace, elsewhere)).json()["id"] == elsewhere
        with pytest.raises(Failed, match="HTTP 404"):
            await skyvern.read(elsewhere)
    read = [row for row in entries(operator) if row["action"] == "provider_item.read" and row["target"] == elsewhere]
    assert [row["outcome"] for row in read] == ["denied", "allowed", "denied", "denied"]
    assert read[1]["facts"]["shared_from"] == shared["vault_id"] != read[1]["facts"]["vault"]


async def test_deleting_a_shared_item_ends_the_share_and_leaves_the_credential(
    operator: Raw, opened: Opened, skyvern: Skyvern, namespace: str
) -> None:
    owner = opened("", operator)
    id_ = await owner.store("n", PASSWORD)
    operator.made(items(namespace, id_), {})
    await skyvern.delete(id_)
    with pytest.raises(Failed, match="HTTP 404"):
        await skyvern.read(id_)
    assert await owner.read(id_) == PASSWORD


async def test_a_share_reaches_one_credential_and_none_beside_it(
    operator: Raw, opened: Opened, skyvern: Skyvern, namespace: str
) -> None:
    owner = opened("", operator)
    shared, beside = [await owner.store("n", PASSWORD) for _ in range(2)]
    operator.made(items(namespace, shared), {})
    assert await skyvern.read(shared) == PASSWORD
    with pytest.raises(Failed, match="HTTP 404"):
        await skyvern.read(beside)


async def test_sharing_needs_the_scope_of_those_who_may_see_secrets(
    operator: Raw, skyvern: Skyvern, namespace: str, elsewhere: str
) -> None:
    ordinary = scoped(operator, "keys:write", "credentials:write", "credentials:read", "vaults:write")
    refused = ordinary.post(items(namespace, elsewhere), {})
    assert (refused.status_code, "totp:read" in refused.text) == (403, True)
    with pytest.raises(Failed, match="HTTP 404"):
        await skyvern.read(elsewhere)


async def test_a_credential_of_another_workspace_cannot_be_shared(
    operator: Raw, opened: Opened, tenant: Tenant, namespace: str
) -> None:
    opened(namespace, operator)
    theirs = await opened().store("n", PASSWORD)
    assert operator.post(items(namespace, theirs), {}).status_code == 404
    assert tenant.raw().get(items(namespace)).status_code == 404


def test_what_a_skyvern_cannot_read_cannot_be_shared(operator: Raw, opened: Opened, namespace: str) -> None:
    opened(namespace, operator)
    vault = operator.call("POST", "/v1/vaults", {"display_name": "v"}, headers={"anthropic-version": "2026-10-21"})
    body = {"name": "TOKEN", "value": "a secret", "hosts": None}
    variable = operator.made(f"/strongroom/v1/vaults/{vault.json()['id']}/credentials", body)
    refused = operator.post(items(namespace, variable["id"]), {})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "credential_id")


@pytest.mark.parametrize(
    ("window", "readable"),
    [
        ({}, True),
        ({"opens_at": ago(3600)}, True),
        ({"opens_at": ago(-3600)}, False),
        ({"closes_at": ago(3600)}, False),
        ({"closes_at": ago(-3600)}, True),
        ({"opens_at": ago(3600), "closes_at": ago(-3600)}, True),
        ({"opens_at": None, "closes_at": None}, True),
    ],
)
async def test_an_item_is_read_within_its_window_alone(
    operator: Raw, skyvern: Skyvern, namespace: str, window: dict[str, Any], readable: bool
) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    assert operator.made(items(namespace, id_), window)["shared"] is False
    if readable:
        assert await skyvern.read(id_) == PASSWORD
        return
    with pytest.raises(Failed, match="HTTP 403: this item may not be read at this time"):
        await skyvern.read(id_)
    (entry,) = [row for row in entries(operator) if row["target"] == id_ and row["action"] == "provider_item.read"]
    assert (entry["outcome"], entry["reason"], entry["facts"]["namespace"]) == ("denied", "release_window", namespace)
    await skyvern.delete(id_)  # a closed window never keeps the other side from forgetting it


async def test_a_window_can_be_moved_and_forgotten(operator: Raw, skyvern: Skyvern, namespace: str) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    operator.made(items(namespace, id_), {"closes_at": ago(3600)})
    operator.made(items(namespace, id_), {"closes_at": ago(-3600)})
    assert await skyvern.read(id_) == PASSWORD
    operator.made(items(namespace, id_), {"closes_at": ago(3600)})
    operator.call("DELETE", items(namespace, id_))
    assert await skyvern.read(id_) == PASSWORD


@pytest.mark.parametrize(
    ("window", "field"),
    [
        ({"opens_at": "2027-01-01T00:00:00"}, "opens_at"),
        ({"opens_at": "tomorrow"}, "opens_at"),
        ({"closes_at": 5}, "closes_at"),
        ({"closes_at": "0001-01-01T00:00:00+14:00"}, "closes_at"),
        ({"opens_at": "2027-01-01T00:00:00Z", "closes_at": "2027-01-01T00:00:00Z"}, "closes_at"),
        ({"until": "2027-01-01T00:00:00Z"}, "until"),
    ],
)
async def test_a_window_that_never_is_cannot_be_given(
    operator: Raw, skyvern: Skyvern, namespace: str, window: dict[str, Any], field: str
) -> None:
    id_ = await skyvern.store("n", PASSWORD)
    refused = operator.post(items(namespace, id_), window)
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, field)


def test_an_unknown_namespace_and_an_unknown_credential_are_not_found(operator: Raw, opened: Opened) -> None:
    opened("known", operator)
    assert operator.get(items("unknown")).status_code == 404
    assert operator.post(items("unknown", "cred_1"), {}).status_code == 404
    assert operator.post(items("known", "cred_1"), {}).status_code == 404
    assert operator.get(TOKENS).status_code == 200
