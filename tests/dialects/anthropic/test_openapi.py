"""The OpenAPI document says what the server does: no status and no shape that is not in it."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.depth import drawing
from tests.dialects.stage import Stage, Tenant
from tests.plain_http import UNUSED_TLS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
OPERATIONS = 25
EXAMPLES = 4


@pytest.fixture(scope="session")
def document(stage: Stage) -> dict[str, Any]:
    with httpx.Client(trust_env=False, verify=UNUSED_TLS) as client:
        written: dict[str, Any] = client.get(f"{stage.url}/openapi.json").json()
    return written


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, described) for path, item in document["paths"].items() for method, described in item.items()]


def test_every_operation_tells_keys_version_and_the_shape_of_refusals(document: dict[str, Any]) -> None:
    assert len(operations(document)) == OPERATIONS
    assert document["security"] == [{"ApiKey": []}, {"Bearer": []}]
    for method, path, described in operations(document):
        required = {each["name"] for each in described["parameters"] if each["in"] == "header" and each["required"]}
        assert required == {"anthropic-version"}
        assert set(described["responses"]) == {
            "200",
            "400",
            "401",
            "403",
            "404",
            "405",
            "409",
            "413",
            "429",
            "500",
            "503",
        }
        for status, response in described["responses"].items():
            assert "request-id" in response["headers"]
            shape = response["content"]["application/json"]["schema"]
            assert shape == {"$ref": "#/components/schemas/Error"} or status == "200"
        last = path.rpartition("/")[2]
        creates = method == "post" and "{" not in last and last not in {"archive", "mcp_oauth_validate"}
        assert any(each["name"] == "Idempotency-Key" for each in described["parameters"]) == creates


def test_every_secret_is_write_only_and_in_no_answer(document: dict[str, Any]) -> None:
    write_only: dict[str, set[str]] = {}
    shapes = document["components"]["schemas"]

    def secret(field: dict[str, Any]) -> bool:
        return field.get("writeOnly", False) or any(map(secret, field.get("anyOf", [])))

    for name, shape in shapes.items():
        found = {field for field, described in shape.get("properties", {}).items() if secret(described)}
        if found:
            write_only[name] = found
    assert write_only == {
        "BasicClientAuth": {"client_secret"},
        "BasicClientAuthUpdate": {"client_secret"},
        "EnvironmentVariableUpdate": {"secret_value"},
        "McpOAuthUpdate": {"access_token"},
        "NewEnvironmentVariable": {"secret_value"},
        "NewMcpOAuth": {"access_token"},
        "NewRefresh": {"refresh_token"},
        "NewStaticBearer": {"token"},
        "PostClientAuth": {"client_secret"},
        "PostClientAuthUpdate": {"client_secret"},
        "RefreshUpdate": {"refresh_token"},
        "StaticBearerUpdate": {"token"},
    }
    for _, _, described in operations(document):
        shown = described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert shown not in write_only


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_gets_an_answer_that_the_document_does_not_tell(
    document: dict[str, Any], tenant: Tenant, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    """Ids are those of real things, so that requests get past look-ups; fields are drawn by the document or against."""
    raw = tenant.raw(**{"anthropic-workspace-id": tenant.workspace})
    vault = raw.made("/v1/vaults", {"display_name": "v"})["id"]
    environment = raw.made("/v1/environments", {"name": "n"})["id"]
    auth = {"type": "static_bearer", "mcp_server_url": "https://m.example.com", "token": "t"}
    ids = {
        "vault_id": vault,
        "credential_id": raw.made(f"/v1/vaults/{vault}/credentials", {"auth": auth})["id"],
        "environment_id": environment,
        "session_id": raw.made("/v1/sessions", {"agent": "a", "environment_id": environment})["id"],
    }
    answered: set[int] = set()
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a valid one, or this raises
        if operation.method.upper() == "DELETE" or operation.path.endswith("/archive"):
            continue  # would take away what the others work on; the cases show them
        known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}

        @settings(drawing(EXAMPLES), suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(mode, path_parameters=known or None))
        def drawn(case: schemathesis.Case[Any]) -> None:
            answer = case.call_and_validate(base_url=raw.url, headers=dict(raw.headers), checks=list(CHECKS))
            answered.add(answer.status_code)

        with subtests.test(operation=operation.label):
            drawn()
    assert answered >= {200, 400}
