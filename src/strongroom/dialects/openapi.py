"""The OpenAPI document of a dialect, completed by what the door does for every route."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

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


def document(
    app: FastAPI, *, parameters: Sequence[Parameter], creates: frozenset[str], servers: Sequence[str]
) -> dict[str, Any]:
    """Return the document. `creates` are the operation ids of routes that make something."""
    written = app.openapi()
    written["servers"] = [{"url": url} for url in servers]
    components = written.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own words for a refused field
        components.get("schemas", {}).pop(unused, None)
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
