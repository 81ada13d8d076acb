"""Contract anthropic-vaults 4.5 and 6.3, cases 56, 57 and 136."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, HostPattern, HostSet, Pin, canonical_host, is_address

labels = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    "entry", ["api.example.com", "192.0.2.1", "*.example.com", "localhost", "a_b.example.com", "xn--bcher-kva.example"]
)
def test_entries_of_the_grammar_are_kept_as_they_are(entry: str) -> None:
    assert str(HostPattern.parse(entry)) == entry


@pytest.mark.parametrize(
    "entry",
    [
        "https://a.com",
        "https://api.example.com",
        "a.com:443",
        "api.example.com:443",
        "a.com/x",
        "api.example.com/x",
        "[::1]",
        "::1",
        "2001:db8::1",
        "*",
        "*.",
        "*.*.a.com",
        "a.*.com",
        "*a.com",
        "**.a.com",
        "*.192.0.2.1",
        "*.[::1]",
        "",
        " ",
        ".",
        "..",
        " a.com",
        "a.com ",
        "a.com\n",
        "a .com",
        "user@a.com",
        "a.com?x",
        "a.com#x",
        "a..com",
        ".a.com",
        "a.com..",
        "*..a.com",
        "bücher.example",
        "faceboo\u212a.com",
        "a。com",
        "010.0.0.1",
        "127.1",
        "3232235777",
        "256.1.1.1",
        "1.2.3.4.5",
        "a.123",
        "0x7f000001",
        "0x7f.1",
        "127.0.0.0x1",
        "1.2.3.+4",
        "a%2ecom",
        "a\\com",
        "a,b.com",
        "a" * 64 + ".com",
        ".".join(["a" * 63] * 4),
    ],
)
def test_what_is_not_of_the_grammar_is_refused(entry: str) -> None:
    with pytest.raises(Invalid) as raised:
        HostPattern.parse(entry)
    assert len(entry) < 4 or entry not in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("API.Example.com", "api.example.com"),
        ("API.Example.com.", "api.example.com"),
        ("*.Example.COM.", "*.example.com"),
        ("192.0.2.1.", "192.0.2.1"),
    ],
)
def test_case_and_one_trailing_dot_are_normalised(entry: str, kept: str) -> None:
    assert str(HostPattern.parse(entry)) == kept


def test_the_longest_name_and_label_are_let_in() -> None:
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(longest) == 253
    assert HostPattern.parse(longest).host == longest


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("a.example.com", True),
        ("a.b.example.com", True),
        ("A.EXAMPLE.com.", True),
        ("example.com", False),
        ("badexample.com", False),
        ("example.com.evil.test", False),
        ("a.example.com.evil.test", False),
        ("a.example.org", False),
    ],
)
def test_a_wildcard_covers_subdomains_at_any_depth_and_not_the_domain(host: str, covered: bool) -> None:
    assert HostPattern.parse("*.example.com").covers(canonical_host(host)) == covered


def test_a_host_with_an_empty_label_is_covered_by_nothing() -> None:
    with pytest.raises(Invalid):
        canonical_host(".example.com")
    assert not HostPattern.parse("*.example.com").covers(Host(".example.com"))


@pytest.mark.parametrize("host", ["api.example.com", "API.example.COM", "api.example.com."])
def test_an_exact_entry_covers_its_host_in_every_spelling(host: str) -> None:
    assert HostPattern.parse("api.example.com").covers(canonical_host(host))


@pytest.mark.parametrize("host", ["example.com", "x.api.example.com", "api.example.com.evil.test", "apiXexample.com"])
def test_an_exact_entry_covers_no_other_host(host: str) -> None:
    assert not HostPattern.parse("api.example.com").covers(canonical_host(host))


def test_an_empty_list_covers_nothing() -> None:
    assert not HostSet().covers(Host("a.com"))


def test_repeats_are_kept_once_at_their_first_place() -> None:
    kept = HostSet.parse(["b.com", "a.com", "B.com.", "*.a.com", "a.com"])
    assert kept.texts() == ("b.com", "a.com", "*.a.com")
    assert len(kept) == 3


def test_a_list_covers_what_any_entry_covers() -> None:
    hosts = HostSet.parse(["a.com", "*.b.com"])
    assert [hosts.covers(Host(host)) for host in ("a.com", "x.b.com", "b.com")] == [True, True, False]


@pytest.mark.parametrize(
    ("inner", "included"),
    [
        ("a.com", True),
        ("x.b.com", True),
        ("b.com", False),
        ("*.b.com", True),
        ("*.x.b.com", True),
        ("*.a.com", False),
        ("*.com", False),
        ("*.notb.com", False),
    ],
)
def test_a_pattern_is_included_if_every_host_it_means_is(inner: str, included: bool) -> None:
    assert HostSet.parse(["a.com", "*.b.com"]).includes(HostPattern.parse(inner)) == included


@given(names, names)
def test_a_pattern_that_is_included_covers_nothing_more(host: str, domain: str) -> None:
    outer = HostSet.parse([f"*.{domain}"])
    for entry in (host, f"*.{host}"):
        inner = HostPattern.parse(entry)
        if outer.includes(inner):
            example = Host(f"x.{inner.host}") if inner.subdomains else inner.host
            assert inner.covers(example)
            assert outer.covers(example)


@given(st.text(max_size=20) | st.text("aA0.:[]*-_%x1K", max_size=12))
def test_any_text_gives_a_canonical_host_or_invalid(text: str) -> None:
    try:
        host = canonical_host(text)
    except Invalid:
        return
    assert canonical_host(host) == host
    assert host.isascii()
    assert host == host.lower()
    assert not set(host) & set(" /@?#%[]*\\")


@given(names)
def test_every_spelling_of_a_name_is_one_host(name: str) -> None:
    assert canonical_host(name.upper() + ".") == canonical_host(name) == name


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_a_dotted_quad_is_a_host(address: IPv4Address) -> None:
    assert canonical_host(str(address)) == str(address)
    assert is_address(canonical_host(str(address)))


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_an_ipv6_address_is_one_host_in_every_spelling(address: IPv6Address) -> None:
    spellings = {address.compressed, address.exploded, f"[{address.exploded.upper()}]"}
    assert {canonical_host(spelling) for spelling in spellings} == {address.compressed}
    assert is_address(Host(address.compressed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "faceboo\u212a.com",
        "[a.com]",
        "[127.0.0.1]",
        "[::1",
        "::1]",
        "[::1]:80",
        "a.com:80",
        "fe80::1%eth0",
        "[fe80::1%25eth0]",
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        canonical_host(text)


@pytest.mark.parametrize("host", ["example.com", "a1", "1a", "x.1a"])
def test_a_name_is_no_address(host: str) -> None:
    assert not is_address(canonical_host(host))


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("10.0.0.7", Pin(Host("10.0.0.7"))),
        ("10.0.0.7:8443", Pin(Host("10.0.0.7"), 8443)),
        ("::1", Pin(Host("::1"))),
        ("[::1]:8443", Pin(Host("::1"), 8443)),
    ],
)
def test_a_pin_is_an_address_and_maybe_a_port(text: str, pin: Pin) -> None:
    assert Pin.parse(text) == pin
    assert str(pin) == text


@pytest.mark.parametrize("text", ["", "a.test", "a.test:443", "10.0.0.7:", "10.0.0.7:0", "10.0.0.7:70000", "[::1]:x"])
def test_what_is_no_pin_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Pin.parse(text)
