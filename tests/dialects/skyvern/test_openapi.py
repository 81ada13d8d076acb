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
from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.bodies import KEYS, body
from tests.dialects.stage import Stage
from tests.plain_http import UNUSED_TLS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 4


@pytest.fixture(scope="session")
def document(stage: Stage) -> dict[str, Any]:
    with httpx.Client(trust_env=False, verify=UNUSED_TLS) as client:
        written: dict[str, Any] = client.get(f"{stage.url}/skyvern/openapi.json").json()
    return written


def test_every_route_is_named_once_under_the_current_prefix(document: dict[str, Any]) -> None:
    assert all(path.startswith("/v1/cred") and not path.endswith("/") for path in document["paths"])
    told = {(method, path) for path, item in document["paths"].items() for method in item}
    one, folder = f"{HERE}/{{credential_id}}", "/v1/credential_folders/{folder_id}"
    assert told >= {
        ("post", HERE),
        ("get", HERE),
        ("get", one),
        ("patch", one),
        ("post", f"{one}/update"),
        ("post", f"{one}/delete"),
        ("get", f"{one}/totp-code"),
        ("put", f"{one}/folder"),
        ("post", f"{HERE}/totp"),
        ("get", f"{HERE}/totp"),
        ("post", "/v1/credential_folders"),
        ("get", "/v1/credential_folders"),
        ("get", folder),
        ("put", folder),
        ("delete", folder),
    }
    assert not any("/test" in path and "test_connection" not in path for path in document["paths"])


def test_a_credential_shows_what_it_is_said_to_show(document: dict[str, Any]) -> None:
    shapes = document["components"]["schemas"]
    assert list(shapes["CredentialResponse"]["properties"]) == KEYS
    creates = document["paths"][HERE]["post"]
    assert {"201", "400", "403", "409", "422", "502"} <= set(creates["responses"])
    assert any(each["name"] == "Idempotency-Key" for each in creates["parameters"])


def test_every_secret_is_write_only_and_in_no_answer(document: dict[str, Any]) -> None:
    def secret(field: dict[str, Any]) -> bool:
        inner = [*field.get("anyOf", []), *field.get("patternProperties", {}).values()]
        return field.get("writeOnly", False) or any(map(secret, inner))

    found = {
        name: {field for field, described in shape.get("properties", {}).items() if secret(described)}
        for name, shape in document["components"]["schemas"].items()
    }
    card = {"card_number", "card_cvv", "card_exp_month", "card_exp_year", "card_holder_name"}
    address = {"line1", "line2", "city", "state", "state_code", "postal_code", "country", "country_code"}
    assert {name: fields for name, fields in found.items() if fields} == {
        "PasswordBody": {"password", "totp", "metadata"},
        "CreditCardBody": card | {"billing_email", "billing_phone", "metadata"},
        "BillingAddressBody": address,
        "SecretBody": {"secret_value"},
        "TotpCodeCreate": {"content"},
        "AzureCredential": {"client_secret"},
        "BitwardenCredential": {"master_password"},
        "CustomConfig": {"api_token"},
    }


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_gets_an_answer_that_the_document_does_not_tell(
    document: dict[str, Any], codes: Api, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    ids = {
        "credential_id": codes.made(body())["credential_id"],
        "folder_id": codes.post("/v1/credential_folders", {"title": "t"})["folder_id"],
    }
    answered: set[int] = set()
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a valid one, or this raises
        if operation.method.upper() == "DELETE" or operation.path.endswith(("/delete", "/create", "/test_connection")):
            continue  # would take away what the others work on, or is not supported yet; the cases show them
        known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}

        @settings(drawing(EXAMPLES), suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(mode, path_parameters=known or None))
        def drawn(case: schemathesis.Case[Any]) -> None:
            answer = case.call_and_validate(base_url=codes.url, headers=dict(codes.headers), checks=list(CHECKS))
            answered.add(answer.status_code)

        with subtests.test(operation=operation.label):
            drawn()
    assert 422 in answered
