"""Routes that are read when they are first used, and are then what FastAPI makes of them."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from strongroom.assembly.doors import Doors
from strongroom.crypto.tokens import PageTokens
from strongroom.dialects import DIALECTS
from strongroom.dialects.options import Options
from strongroom.dialects.unread_route import UnreadRoute
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import build


class Thing(BaseModel):
    name: str
    size: int = 1


async def make_thing(shelf: int, thing: Thing) -> Thing:
    """Make a thing."""
    return Thing(name=f"{thing.name} on {shelf}", size=thing.size)


async def get_thing(shelf: int) -> Thing:
    """Get a thing."""
    return Thing(name="it", size=shelf)


def app(shape: type[APIRoute]) -> FastAPI:
    made = FastAPI(openapi_url=None, generate_unique_id_function=lambda route: route.name)
    made.router.route_class = shape
    made.router.add_api_route("/shelves/{shelf}", make_thing, methods=["POST"], status_code=201, tags=["things"])
    made.router.add_api_route("/shelves/{shelf}", get_thing, methods=["GET"], name="thing")
    made.router.add_api_route("/shelves/{shelf}/", get_thing, methods=["GET"], include_in_schema=False)
    return made


def unread(made: FastAPI) -> list[str]:
    return [route.path for route in made.routes if isinstance(route, UnreadRoute) and not hasattr(route, "dependant")]


@asynccontextmanager
async def calling(made: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://here") as client:
        yield client


async def test_only_the_route_that_is_used_is_read() -> None:
    made = app(UnreadRoute)
    assert unread(made) == ["/shelves/{shelf}", "/shelves/{shelf}", "/shelves/{shelf}/"]
    async with calling(made) as client:
        assert (await client.get("/elsewhere")).status_code == 404
        assert len(unread(made)) == 3
        assert (await client.post("/shelves/2", json={"name": "a jar"})).json() == {"name": "a jar on 2", "size": 1}
    assert unread(made) == ["/shelves/{shelf}", "/shelves/{shelf}/"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/shelves/3", None),
        ("GET", "/shelves/3/", None),
        ("GET", "/shelves/top", None),
        ("POST", "/shelves/3", {"name": "a jar", "size": 2}),
        ("POST", "/shelves/3", {"size": "large"}),
        ("PUT", "/shelves/3", None),
    ],
)
async def test_it_answers_as_one_that_was_read_at_once(method: str, path: str, body: object) -> None:
    answers: list[tuple[int, bytes, Any]] = []
    for shape in (APIRoute, UnreadRoute):
        async with calling(app(shape)) as client:
            for _ in range(2):
                answer = await client.request(method, path, json=body)
                answers.append((answer.status_code, answer.content, answer.headers.get("allow")))
    assert len(set(answers)) == 1


def test_the_document_is_the_same() -> None:
    made = app(UnreadRoute)
    for route in made.routes:
        assert isinstance(route, UnreadRoute)
        route.read()
    assert made.openapi() == app(APIRoute).openapi()


def test_who_asks_while_it_is_being_read_does_not_have_it_read_again() -> None:
    readings: list[str] = []

    def named(route: APIRoute) -> str:
        readings.append(route.name)
        if len(readings) == 1:
            other.start()
            other.join(0.05)  # it waits for us; would it not, it would have read by now
        return route.name

    route = UnreadRoute("/thing/{shelf}", get_thing, methods=["GET"], generate_unique_id_function=named)
    other = threading.Thread(target=route.read)
    route.read()
    other.join(10)
    assert readings == ["get_thing"]


async def test_to_build_the_apis_reads_no_route_of_theirs(tmp_path: Path) -> None:
    settings = Settings.load({}, {"data_dir": tmp_path / "data"})
    doors = Doors(api=("127.0.0.1", 1), proxy=("127.0.0.1", 2))
    edge = Edge()
    options = Options(clock=edge.clock, new_id=edge.new_id, pages=PageTokens(key=bytes(32)))
    async with build(settings, edge, doors=doors) as house:
        for dialect in DIALECTS.values():
            door = dialect.build(house.services, options)
            assert len(unread(door.app)) == len(door.router.routes) > 0
            door.document()
            assert not unread(door.app)
