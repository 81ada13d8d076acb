"""Which tools of a server a session may use."""

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.mcp_tools import MAX_SERVERS, MAX_TOOL_NAME, MAX_TOOLS, allowed, tools_of
from strongroom.core.mcp_urls import McpUrl

URL = "https://tools.example.com/mcp"
SERVER = McpUrl.parse(URL)


def test_a_server_is_meant_by_its_url_by_a_credentials_id_or_by_a_name() -> None:
    for name in (URL, URL + "/", "HTTPS://Tools.example.com:443/mcp", "vcrd_1"):
        tools = tools_of({name: ["search", "read", "search"]}, {"vcrd_1": SERVER})
        assert allowed(tools, SERVER) == frozenset({"search", "read"})
        assert tools == {SERVER.text: ("search", "read")}


def test_a_server_without_a_list_lets_all_be_used_and_one_with_an_empty_list_none() -> None:
    tools = tools_of({URL: []}, {})
    assert allowed(tools, SERVER) == frozenset()
    assert allowed(tools, McpUrl.parse(URL + "/other")) is None
    assert allowed({}, SERVER) is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"unknown": ["x"]},
        {"": ["x"]},
        {"https://": ["x"]},
        {URL: ["x"], URL + "/": ["y"]},
        {URL: [""]},
        {URL: ["x" * (MAX_TOOL_NAME + 1)]},
        {URL: [str(n) for n in range(MAX_TOOLS + 1)]},
        {f"{URL}/{n}": ["x"] for n in range(MAX_SERVERS + 1)},
    ],
)
def test_what_means_no_server_or_is_too_much_is_refused(wanted: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid) as refused:
        tools_of(wanted, {})
    assert refused.value.field == "mcp_tools"
