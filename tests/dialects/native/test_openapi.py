"""The document of the native API, and that it is true."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def document(http: httpx.AsyncClient) -> dict[str, Any]:
    answer = await http.get("/strongroom/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_every_route_is_described_with_its_answer_and_its_refusals(document: dict[str, Any]) -> None:
    assert len(document["paths"]) == 52
    for item in document["paths"].values():
        for operation in item.values():
            statuses = {"200", "400", "401", "403", "404", "405", "409", "413", "429", "500", "502", "503"}
            assert operation["responses"].keys() == statuses
            assert operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert operation["summary"]


async def test_creates_take_an_idempotency_key(document: dict[str, Any]) -> None:
    creates = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
    }
    assert creates == {
        "/strongroom/v1/sessions",
        "/strongroom/v1/environments",
        "/strongroom/v1/keys",
        "/strongroom/v1/organizations",
        "/strongroom/v1/provider-tokens",
        "/strongroom/v1/vaults/{vault}/credentials",
        "/strongroom/v1/webhooks",
        "/strongroom/v1/webhooks/{webhook_id}/rotate",
        "/strongroom/v1/vaults/{vault}/aws-keys",
        "/strongroom/v1/authorizations",
        "/strongroom/v1/vaults/{vault}/agent-identities",
        "/strongroom/v1/vaults/{vault}/logins",
    }


async def test_the_value_is_described_as_write_only(document: dict[str, Any]) -> None:
    value = document["components"]["schemas"]["NewCredentialBody"]["properties"]["value"]
    assert value["writeOnly"]


async def test_the_document_needs_no_key(api: Api, document: dict[str, Any]) -> None:
    assert document["info"]["title"] == "Strongroom"
