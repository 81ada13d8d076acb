"""No request gets an answer from the native API that its document does not tell."""

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
from tests.dialects.stage import Tenant
from tests.plain_http import UNUSED_TLS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 4
TAKING = ("/end", "/revoke")
"""Paths that take away what the others work on; their own tests show them."""


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_gets_an_answer_that_the_document_does_not_tell(
    tenant: Tenant, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    raw = tenant.raw()
    with httpx.Client(trust_env=False, verify=UNUSED_TLS) as client:
        document: dict[str, Any] = client.get(f"{raw.url}/strongroom/openapi.json").json()
    vault = raw.made("/v1/vaults", {"display_name": "v"})["id"]
    session = raw.made("/strongroom/v1/sessions", {"vaults": [vault]})["id"]
    webhook = raw.made("/strongroom/v1/webhooks", {"url": "https://127.0.0.1/"})["id"]
    ids = {"vault": vault, "session_id": session, "webhook_id": webhook}
    answered: set[int] = set()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a valid one, or this raises
        if operation.method.upper() == "DELETE" or operation.path.endswith(TAKING):
            continue
        known = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}

        @settings(drawing(EXAMPLES), suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(mode, path_parameters=known or None))
        def drawn(case: schemathesis.Case[Any]) -> None:
            answer = case.call_and_validate(base_url=raw.url, headers=dict(raw.headers), checks=list(CHECKS))
            answered.add(answer.status_code)

        with subtests.test(operation=operation.label):
            drawn()
    assert answered >= {200, 400}
