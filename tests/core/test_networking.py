import pytest

from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet, canonical_host
from strongroom.core.networking import NOWHERE, Limited, Networking, Site, Unrestricted, hosts_of
from strongroom.core.plans import Destination


def to(host: str, port: int = 443, scheme: str = "https") -> Destination:
    return Destination(scheme, canonical_host(host), port)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bank.example", "https://bank.example"),
        ("https://bank.example/", "https://bank.example"),
        ("HTTPS://Bank.Example:443/login?next=/a@b#top", "https://bank.example"),
        ("https://bank.example.?q", "https://bank.example"),
        ("http://bank.example#x", "http://bank.example"),
        ("http://bank.example:8080/x:y@z", "http://bank.example:8080"),
        ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_a_site_is_the_origin_of_its_url(url: str, origin: str) -> None:
    site = Site.parse(url)
    assert site.text == origin
    assert Site.parse(site.text) == site


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bank.example",
        "//bank.example",
        "ftp://bank.example",
        "https:bank.example",
        "https:///login",
        "https://",
        "https://:443",
        "https://user@bank.example",
        "https://bank.example:443@evil.example",
        "https://bank.example\\@evil.example",
        "https://bank.example\\.evil.example",
        "https://bank.example /",
        "https://bank\t.example",
        "https://bank.example:0",
        "https://bank.example:65536",
        "https://bank.example:",
        "https://bank.example:x",
        "https://bank%2eexample",
        "https://bänk.example",
        "https://127.1",
        "https://[::1",
        "https://[::1]x",
        "https://[fe80::1%25eth0]",
        "javascript:https://bank.example",
    ],
)
def test_what_could_be_read_as_another_origin_is_none(url: str) -> None:
    with pytest.raises(Invalid):
        Site.parse(url)


def test_a_site_admits_its_own_scheme_host_and_port_alone() -> None:
    site = Site.parse("https://bank.example/login")
    assert site.admits(to("bank.example"))
    for other in (
        to("bank.example", 8443),
        to("bank.example", 443, "http"),
        to("www.bank.example"),
        to("bank.example.evil.example"),
        to("evilbank.example"),
    ):
        assert not site.admits(other)


def test_the_other_networkings_look_at_the_host_alone() -> None:
    limited = Limited(HostSet.parse(["bank.example"]))
    assert limited.admits(to("bank.example", 8443))
    assert not limited.admits(to("other.example"))
    assert Unrestricted().admits(to("other.example"))
    assert not NOWHERE.admits(to("bank.example"))


@pytest.mark.parametrize(
    ("networking", "shown"),
    [
        (Unrestricted(), None),
        (Limited(HostSet.parse(["a.example", "*.b.example"])), ["a.example", "*.b.example"]),
        (NOWHERE, []),
        (Site.parse("https://bank.example:8443/x"), ["bank.example"]),
    ],
)
def test_the_hosts_of_each_are_shown(networking: Networking, shown: list[str] | None) -> None:
    assert hosts_of(networking) == shown
