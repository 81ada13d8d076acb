"""No request gets an answer from this door that its document does not tell."""

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
from tests.dialects.skyvern_provider.skyvern import PREFIX, Skyvern
from tests.dialects.stage import Raw
from tests.plain_http import UNUSED_TLS

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 25


@pytest.fixture
def document(operator: Raw) -> dict[str, Any]:
    with httpx.Client(trust_env=False, verify=UNUSED_TLS) as client:
        found: dict[str, Any] = client.get(f"{operator.url}/skyvern-provider/openapi.json").json()
    return found


def test_the_document_tells_the_four_calls(document: dict[str, Any]) -> None:
    assert {path: set(item) for path, item in document["paths"].items()} == {
        PREFIX: {"get", "post"},
        f"{PREFIX}/{{item_id}}": {"get", "delete"},
    }


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_gets_an_answer_that_the_document_does_not_tell(
    skyvern: Skyvern, operator: Raw, document: dict[str, Any], subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    answered: set[int] = set()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # the document is a valid one, or this raises

        @settings(drawing(EXAMPLES), suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(mode))
        def drawn(case: schemathesis.Case[Any]) -> None:
            headers = {"Authorization": f"Bearer {skyvern.token}"}
            answer = case.call_and_validate(base_url=operator.url, headers=headers, checks=list(CHECKS))
            answered.add(answer.status_code)

        with subtests.test(operation=operation.label):
            drawn()
    assert answered >= ({201, 204, 404} if mode is GenerationMode.POSITIVE else {422})
