"""Contract anthropic-vaults 4.3 and 6.2, cases 144 and 145."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.hosts import canonical_host
from strongroom.core.mcp_urls import McpUrl, normal_target

URL = "https://mcp.example.com/mcp"


@pytest.mark.parametrize(
    "spelling",
    [
        URL,
        "HTTPS://Mcp.Example.com:443/mcp/",
        "https://mcp.example.com./mcp",
        "https://mcp.example.com:0443/mcp",
        "https://MCP.EXAMPLE.COM/mcp",
    ],
)
def test_spellings_of_one_server_are_one_form(spelling: str) -> None:
    assert McpUrl.parse(spelling) == McpUrl.parse(URL)
    assert McpUrl.parse(spelling).text == "https://mcp.example.com:443/mcp"


@pytest.mark.parametrize(
    "other",
    [
        "https://mcp.example.com/MCP",
        "https://mcp.example.com/mcp//",
        "https://mcp.example.com/mcp/x",
        "https://mcp.example.com//mcp",
        "https://mcp.example.com/./mcp",
        "https://mcp.example.com/x/../mcp",
        "https://mcp.example.com/%6dcp",
        "https://mcp.example.com/mcp;x",
        "https://mcp.example.com/mcp?",
        "https://mcp.example.com/mcp?x=1",
        "https://mcp.example.com",
        "https://mcp.example.com:8443/mcp",
        "https://mcp.example.com:80/mcp",
        "https://x.mcp.example.com/mcp",
        "https://example.com/mcp",
    ],
)
def test_another_server_is_another_form(other: str) -> None:
    assert McpUrl.parse(other) != McpUrl.parse(URL)


@pytest.mark.parametrize("url", ["https://mcp.example.com:0/mcp", "https://mcp.example.com:65536/mcp"])
def test_a_port_that_nothing_can_listen_on_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        McpUrl.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mcp.example.com/mcp",
        "//mcp.example.com/mcp",
        "https:",
        "https:/mcp",
        "https:///mcp",
        "https://:443/mcp",
        "http://mcp.example.com/mcp",
        "ftp://mcp.example.com/mcp",
        "javascript:alert(1)",
        "https://user@mcp.example.com/mcp",
        "https://user:pass@mcp.example.com/mcp",
        "https://@mcp.example.com/mcp",
        "https://mcp.example.com/mcp#part",
        "https://mcp.example.com/mcp#",
        "https://mcp.example.com:/mcp",
        "https://mcp.example.com:port/mcp",
        "https://mcp.example.com:-1/mcp",
        "https://mcp.example.com:+443/mcp",
        "https://mcp.example.com/m cp",
        " https://mcp.example.com/mcp",
        "https://mcp.example.com/mcp\n",
        "https://mcp.example.com\t/mcp",
        "https://mcp.example.com\\@evil.test/mcp",
        "https://mcp.example.com\\mcp",
        "https://mcp.example.com/mcp\x00",
        "https://mcp.example.com/é",
        "https://bücher.example/mcp",
        "https://mcp..example.com/mcp",
        "https://mcp%2eexample.com/mcp",
        "https://127.1/mcp",
        "https://[::1/mcp",
        "https://[::1%25eth0]/mcp",
        "https://*.example.com/mcp",
        "https://evil.example[::1]/mcp",
        "https://[::1]evil.example/mcp",
        "https://[::1][::2]/mcp",
        "https://[::1]]/mcp",
    ],
)
def test_what_is_no_plain_https_url_is_refused_and_not_echoed(url: str) -> None:
    with pytest.raises(Invalid) as raised:
        McpUrl.parse(url)
    assert "example" not in str(raised.value)


def test_plain_http_needs_the_deployments_consent() -> None:
    url = McpUrl.parse("http://mcp.example.com/mcp", insecure=True)
    assert (url.port, url.text) == (80, "http://mcp.example.com:80/mcp")
    assert McpUrl.parse("http://mcp.example.com:443/mcp", insecure=True) != McpUrl.parse(URL)


def test_an_ipv6_server_is_written_in_brackets() -> None:
    assert McpUrl.parse("https://[0:0::1]:8443/mcp").text == "https://[::1]:8443/mcp"


@pytest.mark.parametrize(
    ("target", "normal"),
    [
        ("", ""),
        ("/", ""),
        ("/mcp", "/mcp"),
        ("/mcp/", "/mcp"),
        ("/mcp//", "/mcp/"),
        ("/mcp/?a=/", "/mcp?a=/"),
        ("?", "?"),
    ],
)
def test_one_trailing_slash_of_the_path_is_stripped(target: str, normal: str) -> None:
    assert normal_target(target) == normal


@given(st.text(max_size=20) | st.text("htps:/.@#?%[]a1\\ \n", max_size=20).map(lambda rest: "https://" + rest))
def test_any_text_gives_a_url_or_invalid(text: str) -> None:
    try:
        url = McpUrl.parse(text)
    except Invalid:
        return
    assert canonical_host(url.host) == url.host
    assert 1 <= url.port <= 65535
    assert not url.target or url.target[0] in "/?"
