"""Connecting servers through the native API: what is refused by field, and what the public sees."""

from pathlib import Path

import httpx
import pytest

from strongroom.assembly.consenting import Public
from strongroom.assembly.doors import Doors
from strongroom.assembly.site import Site
from strongroom.edge import Edge
from strongroom.settings import Settings
from strongroom.wiring import build
from tests.dialects.native.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVER = "https://mcp.example.test/mcp"
REDIRECT = "http://127.0.0.1:4711/callback"
CALLBACK = "/strongroom/v1/authorizations/callback"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "mcp_server_url"),
        ({"mcp_server_url": ""}, "mcp_server_url"),
        ({"mcp_server_url": "http://mcp.example.test/mcp", "redirect_uri": REDIRECT}, "mcp_server_url"),
        ({"mcp_server_url": SERVER}, "redirect_uri"),
        ({"mcp_server_url": SERVER, "redirect_uri": "https://evil.test/"}, "redirect_uri"),
        ({"mcp_server_url": SERVER, "flow": "device", "redirect_uri": REDIRECT}, "redirect_uri"),
        ({"mcp_server_url": SERVER, "flow": "implicit"}, "flow"),
        ({"mcp_server_url": SERVER, "redirect_uri": REDIRECT, "client_secret": "s"}, "client_secret"),
        (
            {"mcp_server_url": SERVER, "redirect_uri": REDIRECT, "client_id": "c", "client_secret": "\r"},
            "client_secret",
        ),
        ({"mcp_server_url": SERVER, "redirect_uri": REDIRECT, "scope": 'a"'}, "scope"),
        ({"mcp_server_url": SERVER, "redirect_uri": REDIRECT, "vault": "no such name"}, "vault"),
        ({"mcp_server_url": SERVER, "redirect_uri": REDIRECT, "more": 1}, "more"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(api: Api, body: dict[str, object], field: str) -> None:
    await api.vault("default")
    refused = await api.refused("POST", "/authorizations", body, status=400)
    assert refused["field"] == field


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    for method, path, body in (
        ("GET", "/authorizations/auth_none", None),
        ("POST", "/authorizations/auth_none/poll", None),
        ("POST", "/authorizations/auth_none/complete", {"callback_url": f"{REDIRECT}?state=s&code=c"}),
    ):
        refused = await api.refused(method, path, body, status=404)
        assert "auth_none" in refused["message"]


async def test_an_answer_that_is_none_is_refused_and_not_repeated(api: Api) -> None:
    body = {"callback_url": "https://somewhere.test/no-answer-in-it"}
    refused = await api.refused("POST", "/authorizations/auth_none/complete", body, status=400)
    assert refused["field"] == "callback_url"
    assert "somewhere" not in refused["message"]


async def test_everything_but_the_callback_needs_a_key(http: httpx.AsyncClient) -> None:
    for method, path in (("POST", ""), ("GET", "/auth_1"), ("POST", "/auth_1/complete"), ("POST", "/auth_1/poll")):
        assert (await http.request(method, f"/strongroom/v1/authorizations{path}")).status_code == 401


async def test_a_server_that_may_not_be_reached_is_said_with_the_step(api: Api) -> None:
    await api.vault("default")
    body = {"mcp_server_url": "https://127.0.0.1/mcp", "redirect_uri": REDIRECT}
    refused = await api.refused("POST", "/authorizations", body, status=403)
    assert refused["message"].startswith("asking the MCP server: ")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?state=unknown&code=c",
        "?state=unknown&error=access_denied",
        "?code=c",
        "?<script>=1",
        "?" + "a" * 20_000,
    ],
)
async def test_a_strangers_callback_gets_a_page_and_nothing_else(http: httpx.AsyncClient, query: str) -> None:
    page = await http.get(CALLBACK + query)
    assert page.status_code == 400
    assert "Nothing to do" in page.text or "Not connected" in page.text
    assert "<script" not in page.text


async def test_the_page_can_do_nothing_and_is_kept_nowhere(http: httpx.AsyncClient) -> None:
    page = await http.get(f"{CALLBACK}?state=s&code=c")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
async def test_only_a_browser_that_goes_there_redeems(http: httpx.AsyncClient, method: str) -> None:
    answer = await http.request(method, f"{CALLBACK}?state=s&code=c")
    assert answer.status_code == 405


async def test_without_a_public_url_there_is_no_document_about_us(http: httpx.AsyncClient) -> None:
    assert (await http.get("/strongroom/v1/oauth-client")).status_code == 404


async def test_with_one_the_document_says_where_it_stands_and_where_answers_go(tmp_path: Path) -> None:
    settings = Settings.load({}, {"data_dir": tmp_path / "data", "public_url": "https://vault.test/rooms/"})
    doors = Doors(api=("127.0.0.1", 8700), proxy=("127.0.0.1", 8701))
    async with (
        build(settings, Edge(), doors=doors) as house,
        httpx.AsyncClient(transport=httpx.ASGITransport(house.api), base_url="http://here") as client,
    ):
        answer = await client.get("/strongroom/v1/oauth-client")
    document = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert document["client_id"] == "https://vault.test/rooms/strongroom/v1/oauth-client"
    assert document["redirect_uris"][0] == f"https://vault.test/rooms{CALLBACK}"


@pytest.mark.parametrize(
    ("settings", "callback", "client"),
    [
        ({}, f"http://127.0.0.1:8700{CALLBACK}", None),
        ({"path_prefix": "/vault"}, f"http://127.0.0.1:8700/vault{CALLBACK}", None),
        ({"host": "0.0.0.0"}, None, None),  # noqa: S104 - where a server may listen
        ({"host": "::1"}, f"http://[::1]:8700{CALLBACK}", None),
        ({"public_url": "http://vault.test"}, None, None),
        ({"public_url": "http://localhost:9000"}, f"http://localhost:9000{CALLBACK}", None),
        ({"public_url": "https://v.test"}, f"https://v.test{CALLBACK}", "https://v.test/strongroom/v1/oauth-client"),
    ],
)
async def test_answers_come_to_https_or_to_this_machine_and_documents_are_https(
    settings: dict[str, str], callback: str | None, client: str | None
) -> None:
    doors = Doors(api=("127.0.0.1", 8700), proxy=("127.0.0.1", 8701))
    assert Public.of(Site.of(Settings.load({}, settings), Edge(), doors)) == Public(callback, client)
