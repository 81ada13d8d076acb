"""Addresses that are not the public internet, as data.

The IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates) in full, the
multicast ranges, and the addresses at which clouds answer questions about the machine that asks.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@final
@dataclass(frozen=True, slots=True)
class Range:
    """A range and what to call an address in it: `10.0.0.5 is <words>`."""

    network: Network
    words: str


def _ranges(*rows: tuple[str, str]) -> tuple[Range, ...]:
    return tuple(Range(ip_network(network), words) for network, words in rows)


METADATA = _ranges(
    ("169.254.169.254/32", "a cloud metadata address"),
    ("169.254.169.253/32", "a cloud's own name server"),
    ("169.254.170.2/32", "a cloud metadata address"),
    ("169.254.170.23/32", "a cloud metadata address"),
    ("168.63.129.16/32", "a cloud metadata address"),  # Azure's, in the middle of public space
    ("100.100.100.200/32", "a cloud metadata address"),  # Alibaba
    ("192.0.0.192/32", "a cloud metadata address"),  # Oracle
    ("fd00:ec2::254/128", "a cloud metadata address"),
    ("fd00:ec2::253/128", "a cloud's own name server"),
    ("fd00:ec2::23/128", "a cloud metadata address"),
    ("fd20:ce::254/128", "a cloud metadata address"),  # Google
)
"""Reached only where an operator lists the very address: a wider range that happens to hold it does not open it."""

IPV4 = _ranges(
    ("0.0.0.0/8", "an address of this host"),
    ("10.0.0.0/8", "a private address"),
    ("100.64.0.0/10", "an address of a carrier's own network"),
    ("127.0.0.0/8", "a loopback address"),
    ("169.254.0.0/16", "a link-local address"),
    ("172.16.0.0/12", "a private address"),
    ("192.0.0.0/24", "an address reserved for protocols"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.31.196.0/24", "an address reserved for protocols"),
    ("192.52.193.0/24", "an address reserved for protocols"),
    ("192.88.99.0/24", "an address reserved for protocols"),
    ("192.168.0.0/16", "a private address"),
    ("192.175.48.0/24", "an address reserved for protocols"),
    ("198.18.0.0/15", "an address for benchmarks"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("255.255.255.255/32", "the broadcast address"),
    ("240.0.0.0/4", "a reserved address"),
)

IPV6 = _ranges(
    ("::/128", "an address of this host"),
    ("::1/128", "a loopback address"),
    ("::/96", "an obsolete address form"),  # IPv4-compatible
    ("::ffff:0:0:0/96", "an obsolete address form"),  # IPv4-translated, RFC 2765
    ("64:ff9b:1::/48", "an address of a local translator"),
    ("100::/64", "an address that discards"),
    ("100:0:0:1::/64", "an address reserved for protocols"),
    ("2001::/23", "an address reserved for protocols"),  # Teredo, ORCHID and benchmarks among them
    ("2001:db8::/32", "an address for documentation"),
    ("2620:4f:8000::/48", "an address reserved for protocols"),
    ("3fff::/20", "an address for documentation"),
    ("5f00::/16", "an address reserved for protocols"),
    ("fc00::/7", "a private address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private address"),
    ("ff00::/8", "a multicast address"),
)

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only IPv6 space from which public addresses are given out (RFC 4291 2.4, IANA)."""

_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_IDS = (0x00005EFE, 0x02005EFE)

_LOW_32 = (_COMPATIBLE, _TRANSLATED, _NAT64, _NAT64_LOCAL)


def read_address(text: str) -> Address:
    """Read an address as a resolver writes it; a zone (`%eth0`) says only which card, and is dropped.

    An IPv4-mapped address *is* the IPv4 address: that is what the kernel dials.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address in _MAPPED:
        return _low_32(address)
    return address


def carried(address: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address is a way to."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return ()  # `::1` and `::` look like IPv4-compatible addresses and are none (RFC 4291 2.5.5.1)
    number = int(address)
    if any(address in network for network in _LOW_32):
        return (_low_32(address),)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(number >> 80 & 0xFFFFFFFF),)
    if address in _TEREDO:  # the server, and the client's address with every bit turned (RFC 4380 4)
        return (IPv4Address(number >> 64 & 0xFFFFFFFF), IPv4Address(~number & 0xFFFFFFFF))
    if number >> 32 & 0xFFFFFFFF in _ISATAP_IDS:  # RFC 5214 6.1
        return (_low_32(address),)
    return ()


def special(address: Address) -> Range | None:
    """Return the most telling range that an address lies in, or None for a public one.

    Only the address itself is judged, not what it carries.
    """
    for row in (*METADATA, *(IPV4 if isinstance(address, IPv4Address) else IPV6)):
        if address in row.network:
            return row
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST and address not in _NAT64:
        return Range(IPv6Network("::/0"), "a reserved address")
    return None


def _low_32(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)
