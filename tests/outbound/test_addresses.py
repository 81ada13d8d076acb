from ipaddress import ip_network

import pytest

from strongroom.core.failures import NotPermitted
from strongroom.outbound.addresses import AddressGuard, Door, local_to_this_machine
from strongroom.outbound.ranges import Address, read_address


def guard(*allowed: str, doors: set[Door] | None = None, local: str = "192.168.7.7") -> AddressGuard:
    def is_local(address: Address) -> bool:
        return address == read_address(local)

    return AddressGuard(
        allowed=map(ip_network, allowed), own_doors=set() if doors is None else doors, is_local=is_local
    )


def refused(judge: AddressGuard, address: str, port: int = 443, host: str = "api.example.com") -> str:
    with pytest.raises(NotPermitted) as raised:
        judge.check(host, address, port)
    return str(raised.value)


def test_a_refusal_names_host_reason_and_remedy_and_only_the_log_names_the_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "strongroom.outbound.addresses")
    assert refused(guard(), "10.0.0.5") == (
        "api.example.com leads to a private address; list it in STRONGROOM_EGRESS_ALLOW_PRIVATE to allow it"
    )
    assert caplog.messages == ["api.example.com, refused, leads to a private address: 10.0.0.5"]


def test_a_refused_literal_is_named_once() -> None:
    assert refused(guard(), "127.0.0.1", host="127.0.0.1").startswith("127.0.0.1 is a loopback address; ")


def test_a_listed_range_is_let_through_and_its_neighbour_is_not() -> None:
    judge = guard("10.1.0.0/16", "::1/128")
    judge.check("api.example.com", "10.1.2.3", 443)
    judge.check("api.example.com", "::ffff:10.1.2.3", 443)
    judge.check("api.example.com", "::1", 443)
    refused(judge, "10.2.0.1")
    refused(judge, "127.0.0.1")


def test_listing_a_translator_does_not_list_what_lies_behind_it() -> None:
    judge = guard("64:ff9b:1::/48")
    judge.check("api.example.com", "64:ff9b:1::8.8.8.8", 443)
    refused(judge, "64:ff9b:1::10.0.0.5")


@pytest.mark.parametrize(
    ("address", "wide", "exact"),
    [
        ("169.254.169.254", "169.254.0.0/16", "169.254.169.254/32"),
        ("100.100.100.200", "100.64.0.0/10", "100.100.100.200/32"),
        ("fd00:ec2::254", "fc00::/7", "fd00:ec2::254/128"),
        ("::ffff:169.254.169.254", "0.0.0.0/0", "169.254.169.254/32"),
    ],
)
def test_a_metadata_address_is_opened_only_by_its_own_entry(address: str, wide: str, exact: str) -> None:
    assert "metadata" in refused(guard(wide), address)
    guard(exact).check("api.example.com", address, 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::", "::127.0.0.1"])  # noqa: S104 - dialled, not bound
def test_an_own_door_is_refused_even_if_listed(address: str) -> None:
    judge = guard("0.0.0.0/0", "::/0", doors={("127.0.0.1", 8700)})
    assert "a door of this server" in refused(judge, address, 8700)


def test_a_door_says_nothing_of_other_ports_and_addresses() -> None:
    judge = guard("127.0.0.0/8", doors={("127.0.0.1", 8700)})
    judge.check("localhost", "127.0.0.1", 8080)
    judge.check("localhost", "127.0.0.2", 8700)


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::", "localhost"])  # noqa: S104 - dialled and compared, not bound
@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "192.168.7.7", "::ffff:192.168.7.7"])
def test_a_door_on_every_address_is_reached_by_none_of_ours(wildcard: str, address: str) -> None:
    judge = guard("0.0.0.0/0", "::/0", doors={(wildcard, 8700)})
    assert "a door of this server" in refused(judge, address, 8700)
    judge.check("api.example.com", "192.168.7.8", 8700)
    judge.check("api.example.com", "8.8.8.8", 8700)


def test_a_door_opened_later_is_known() -> None:
    doors: set[Door] = set()
    judge = guard("127.0.0.0/8", doors=doors)
    judge.check("localhost", "127.0.0.1", 8700)
    doors.add(("127.0.0.1", 8700))
    assert "a door of this server" in refused(judge, "127.0.0.1", 8700)


def test_this_machine_knows_its_own_addresses() -> None:
    assert local_to_this_machine(read_address("127.0.0.1"))
    assert not local_to_this_machine(read_address("192.0.2.1"))
