"""The OpenAPI document of a dialect, completed by what the door does for every route."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from strongroom.dialects.replies import JSON

METHODS = frozenset({"get", "post", "put", "patch", "delete"})

SECURITY_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "The API key as a bearer token."},
}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A create repeated with the same key and body within 24 hours answers the first result.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

REQUEST_ID = {"description": "Names this request; also in the body of an error.", "schema": {"type": "string"}}

Parameter = Mapping[str, Any]
Responses = Mapping[int | str, dict[str, Any]]
"""What may be answered, by status, as FastAPI takes it: with the `model` of the body."""

_PLACE = "#/components/schemas/{model}"


def referred(responses: Responses) -> dict[int | str, dict[str, Any]]:
    """Return the same with each model named and not given: given, FastAPI reads each anew for every route of an API."""
    return {status: _referred(**response) for status, response in responses.items()}


def _referred(model: type | None = None, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    if model is None:
        return rest
    return rest | {"content": {JSON: {"schema": {"$ref": _PLACE.format(model=model.__name__)}}}}


def _schemas(responses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    models = {response["model"] for response in responses if "model" in response}
    inputs: list[tuple[Any, Literal["serialization"], TypeAdapter[Any]]] = [
        (model, "serialization", TypeAdapter(model)) for model in models
    ]
    _, written = TypeAdapter.json_schemas(inputs, ref_template=_PLACE)
    schemas: dict[str, Any] = written["$defs"]
    return schemas


def document(
    app: FastAPI,
    *,
    responses: Responses,
    parameters: Sequence[Parameter],
    creates: frozenset[str],
    servers: Sequence[str],
) -> dict[str, Any]:
    """Return the document. `creates` are the operation ids of routes that make something."""
    written = app.openapi()
    written["servers"] = [{"url": url} for url in servers]
    components = written.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas = components.get("schemas", {}) | _schemas(responses.values())
    components["schemas"] = dict(sorted(schemas.items()))
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own words for a refused field
        components["schemas"].pop(unused, None)
    written["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for item in written["paths"].values():
        for operation in (item[method] for method in METHODS & item.keys()):
            _complete(operation, [*parameters, *([IDEMPOTENCY_KEY] if operation["operationId"] in creates else [])])
    return written


def _complete(operation: dict[str, Any], parameters: Sequence[Parameter]) -> None:
    refused = operation["responses"].get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if refused.get("$ref", "").endswith("/HTTPValidationError"):  # FastAPI's own; a dialect may have one of its own
        operation["responses"].pop("422")
    operation.setdefault("parameters", []).extend(parameters)
    for response in operation["responses"].values():
        response.setdefault("headers", {})["request-id"] = REQUEST_ID


def operation_id(route: APIRoute) -> str:
    """Return a route's name, which is unique within a dialect and reads well in generated clients."""
    return route.name
