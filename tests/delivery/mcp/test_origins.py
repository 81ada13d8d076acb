import pytest

from strongroom.delivery.mcp.origins import Doorplate
from strongroom.delivery.mcp.refusals import Turned

PLATE = Doorplate.of(["0.0.0.0", "vault.example.com", "::", "192.0.2.7"])  # noqa: S104 - not bound


def check(host: bytes | None, *origins: bytes, reached_at: str | None = "10.0.0.5") -> str | None:
    try:
        PLATE.check([] if host is None else [host], list(origins), reached_at=reached_at)
    except Turned as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"localhost:8700",
        b"127.0.0.1:8700",
        b"[::1]:8700",
        b"vault.example.com",
        b"Vault.Example.com.:443",
        b"192.0.2.7",
        b"10.0.0.5:8700",
    ],
)
def test_a_name_of_ours_is_taken(host: bytes) -> None:
    assert check(host) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        b"",
        b"evil.example.com",
        b"vault.example.com.evil.test",
        b"xvault.example.com",
        b"localhost.evil.test",
        b"vault.example.com@evil.test",
        b"vault.example.com:80:80",
        b"vault.example.com:x",
        b"0.0.0.0:8700",
        b"127.1",
        b"10.0.0.6",
        b"\xff",
    ],
)
def test_any_other_name_is_refused(host: bytes | None) -> None:
    assert check(host) == "host_not_ours"


def test_two_names_are_refused() -> None:
    with pytest.raises(Turned):
        PLATE.check([b"localhost", b"localhost"], [], reached_at=None)


@pytest.mark.parametrize("origin", [b"http://localhost:8700", b"https://LOCALHOST:8700"])
def test_a_page_of_ours_is_taken(origin: bytes) -> None:
    assert check(b"localhost:8700", origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        b"http://localhost:3000",
        b"http://localhost",
        b"http://127.0.0.1:8700",
        b"https://evil.example.com",
        b"null",
        b"",
        b"file://localhost:8700",
        b"http://localhost:8700/",
        b"http://user@localhost:8700",
        b"http://[",
    ],
)
def test_any_other_page_is_refused(origin: bytes) -> None:
    assert check(b"localhost:8700", origin) == "origin_not_allowed"


def test_two_origins_are_refused() -> None:
    assert check(b"localhost", b"http://localhost", b"http://localhost") == "origin_not_allowed"
