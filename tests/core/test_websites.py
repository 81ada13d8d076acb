"""Contract skyvern-credentials 8.1, last paragraph: which documents a login may be typed into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.networking import Limited, Site, Unrestricted
from strongroom.core.plans import Destination
from strongroom.core.websites import MAX_URL, Website, may_fill, origin_of, website_of
from strongroom.public_suffixes import registrable


def site(url: str) -> Website:
    return website_of(origin_of(url), registrable)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://login.example.com/in", "https://www.example.com/"),
        ("https://example.com", "https://a.b.example.com:443/x?y#z"),
        ("https://shop.example.co.uk/", "https://pay.example.co.uk/"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b"),
        ("https://[::1]/", "https://[0:0:0:0:0:0:0:1]/"),
        ("http://localhost/", "http://LOCALHOST:80/"),
        ("https://www.食狮.公司.cn".encode("idna").decode() + "/", "https://xn--85x722f.xn--55qx5d.cn/"),
    ],
)
def test_pages_of_one_site(one: str, other: str) -> None:
    assert site(one) == site(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/", "http://example.com/"),
        ("https://example.com/", "https://example.com:8443/"),
        ("https://example.com/", "https://example.org/"),
        ("https://example.com/", "https://evilexample.com/"),
        ("https://example.com/", "https://example.com.evil.test/"),
        ("https://one.co.uk/", "https://two.co.uk/"),
        ("https://alice.github.io/", "https://mallory.github.io/"),
        ("https://alice.github.io/", "https://github.io/"),
        ("https://a.s3.amazonaws.com/", "https://b.s3.amazonaws.com/"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8081/"),
        ("http://127.0.0.1/", "http://127.0.0.2/"),
        ("http://localhost/", "http://127.0.0.1/"),
        ("http://a.localhost/", "http://b.localhost/"),
        ("http://intranet/", "http://mail/"),
        ("http://10.0.0.1/", "http://11.0.0.1/"),
    ],
)
def test_pages_of_two_sites(one: str, other: str) -> None:
    assert site(one) != site(other)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "about:blank",
        "about:srcdoc",
        "data:text/html,<form>",
        "blob:https://example.com/1b9d6bcd",
        "file:///etc/passwd",
        "javascript:0",
        "chrome-error://chromewebdata/",
        "view-source:https://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "https:///example.com",
        "https://",
        "https://user@example.com/",
        "https://example.com@evil.test/",
        "https://example.com\\@evil.test/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:443x/",
        "https://exa mple.com/",
        "https://exämple.com/",
        "https://[::1%25lo]/",
        "https://[::1/",
        "https://999.1.1.1/",
        " https://example.com/",
        "\nhttps://example.com/",
        "https://example.com/" + "x" * MAX_URL,
    ],
)
def test_what_is_no_web_page_is_no_site(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        origin_of(url)
    assert url == "" or url not in str(refused.value)


def test_a_site_is_written_as_its_origin() -> None:
    assert str(site("https://a.example.com/x")) == "https://example.com"
    assert str(site("http://[::1]:8080/x")) == "http://[::1]:8080"


@given(st.text(max_size=60))
def test_any_text_is_a_page_or_one_named_failure(text: str) -> None:
    try:
        found = origin_of(text)
    except Invalid:
        return
    assert isinstance(found, Destination)


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("https://login.example.com/", True),
        ("https://login.example.com:8443/", True),
        ("http://login.example.com/", False),
        ("https://example.com/", False),
        ("https://evil.test/", False),
        ("http://127.0.0.1:8080/", True),
        ("http://localhost:8080/", True),
        ("http://10.0.0.1/", False),
    ],
)
def test_a_list_of_hosts_lets_pages_be_filled_that_nobody_reads_along_with(url: str, filled: bool) -> None:
    listed = Limited(HostSet.parse(["login.example.com", "127.0.0.1", "localhost", "10.0.0.1"]))
    assert may_fill(listed, origin_of(url), registrable) is filled


def test_without_a_list_no_page_is_the_right_one() -> None:
    assert not may_fill(Unrestricted(), origin_of("https://example.com/"), registrable)
    assert not may_fill(Limited(HostSet()), origin_of("https://example.com/"), registrable)


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("https://login.example.com/in?next=1", True),
        ("https://www.example.com/", True),
        ("http://login.example.com/", False),
        ("https://login.example.com:8443/", False),
        ("https://login.example.com.evil.test/", False),
        ("https://evil.test/login.example.com", False),
    ],
)
def test_a_login_is_filled_on_all_of_its_own_website(url: str, filled: bool) -> None:
    own = Site.parse("https://login.example.com/signin")
    assert may_fill(own, origin_of(url), registrable) is filled


def test_a_login_at_an_address_is_filled_at_that_very_origin() -> None:
    own = Site.parse("http://127.0.0.1:8080/")
    assert may_fill(own, origin_of("http://127.0.0.1:8080/x"), registrable)
    assert not may_fill(own, origin_of("http://127.0.0.1:8081/"), registrable)
    assert not may_fill(own, origin_of("http://localhost:8080/"), registrable)
