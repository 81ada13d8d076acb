from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import NotPermitted
from strongroom.outbound.addresses import AddressGuard
from strongroom.outbound.ranges import GLOBAL_UNICAST, IPV4, IPV6, METADATA, carried, read_address, special

REFUSED = [
    # IANA IPv4 Special-Purpose Address Registry, and multicast
    "0.0.0.0",  # noqa: S104 - dialled, not bound
    "0.1.2.3",
    "10.0.0.5",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.170",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    # where clouds answer
    "169.254.169.254",
    "169.254.169.253",
    "169.254.170.2",
    "169.254.170.23",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::253",
    "fd00:ec2::23",
    "fd20:ce::254",
    # IANA IPv6 Special-Purpose Address Registry, and multicast
    "::",
    "::1",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:1::1",
    "2001:2::1",
    "2001:4:112::1",
    "2001:20::1",
    "2001:db8::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    # nowhere yet
    "200::1",
    "4000::1",
    "e000::1",
    # an IPv4 address in IPv6 clothes
    "::ffff:10.0.0.5",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::10.0.0.5",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::10.0.0.5",
    "2002:a00:5::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:a00:5::",
    "2606:4700::5efe:10.0.0.5",
    "2606:4700::200:5efe:192.168.1.1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2606:4700::5efe:8.8.8.8",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(NotPermitted, match="STRONGROOM_EGRESS_ALLOW_PRIVATE"):
        AddressGuard().check("example.com", address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    AddressGuard().check("example.com", address, 443)


@pytest.mark.parametrize("row", [*METADATA, *IPV4, *IPV6], ids=lambda row: str(row.network))
def test_every_range_has_an_example_and_covers_its_first_and_last_address(row: object) -> None:
    network = row.network  # type: ignore[attr-defined]  # ids= wants the bare object
    assert any(read_address(text) in network for text in REFUSED if ":" in text or network.version == 4)
    for address in (network[0], network[-1]):
        assert special(address) is not None


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_every_disguise_of_a_refused_ipv4_address_is_refused(hidden: IPv4Address) -> None:
    number = int(hidden)
    disguises = [
        IPv6Address(f"::ffff:{hidden}"),
        IPv6Address(f"64:ff9b::{hidden}"),
        IPv6Address(0x2002 << 112 | number << 80),
        IPv6Address(f"2606:4700::5efe:{hidden}"),
    ]
    for disguise in disguises:
        way = read_address(str(disguise))
        judged = [special(one) for one in (way, *carried(way))]
        assert any(judged) == (special(hidden) is not None)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_ipv6_space_that_is_given_to_nobody_is_refused(address: IPv6Address) -> None:
    if address not in GLOBAL_UNICAST and address not in ip_network("64:ff9b::/96"):
        way = read_address(str(address))
        assert special(way) is not None or isinstance(way, IPv4Address)


def test_a_teredo_address_carries_server_and_client() -> None:
    """The example of RFC 4380 section 4, as Wikipedia and Python's documentation give it."""
    found = carried(IPv6Address("2001:0000:4136:e378:8000:63bf:3fff:fdd2"))
    assert [str(address) for address in found] == ["65.54.227.120", "192.0.2.45"]
