"""How the document of a dialect says what a refusal looks like."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from typing_extensions import TypedDict

from strongroom.dialects.openapi import document, referred


class Problem(TypedDict):
    code: str


class Refusal(TypedDict):
    error: Problem


RESPONSES: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal, "description": "No such thing"},
    409: {"description": "Said without a shape"},
}


def app() -> FastAPI:
    made = FastAPI(responses=referred(RESPONSES), generate_unique_id_function=lambda route: route.path)
    for path in ("/first", "/second"):
        made.add_api_route(path, lambda: None, methods=["GET"])
    return made


def test_each_route_names_the_shape_which_stands_in_the_document_once() -> None:
    written = document(app(), responses=RESPONSES, parameters=(), creates=frozenset(), servers=("/",))
    for path in ("/first", "/second"):
        responses = written["paths"][path]["get"]["responses"]
        assert responses["404"]["description"] == "No such thing"
        named = responses["404"]["content"]["application/json"]["schema"]
        assert named == {"$ref": "#/components/schemas/Refusal"}
        assert "content" not in responses["409"]
    schemas = written["components"]["schemas"]
    assert schemas.keys() == {"Problem", "Refusal"}
    assert schemas["Refusal"]["properties"]["error"] == {"$ref": "#/components/schemas/Problem"}


def test_no_route_reads_the_shape_for_itself() -> None:
    routes = [route for route in app().routes if isinstance(route, APIRoute)]
    assert len(routes) == 2
    assert not any(route.response_fields for route in routes)
