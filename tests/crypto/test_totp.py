"""One-time codes, by the vectors of RFC 6238 appendix B and those of contract skyvern-credentials 8.3."""

import hmac
from base64 import b32encode
from datetime import UTC, datetime

import pytest

from strongroom.core.secret import Secret
from strongroom.core.totp_keys import parsed
from strongroom.crypto.totp import code_at

SEEDS = {
    "SHA1": b"12345678901234567890",
    "SHA256": b"12345678901234567890123456789012",
    "SHA512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "algorithm", "code"),
    [
        (seconds, algorithm, code)
        for seconds, *codes in VECTORS
        for algorithm, code in zip(("SHA1", "SHA256", "SHA512"), codes, strict=True)
    ],
)
def test_the_vectors_of_the_standard(seconds: int, algorithm: str, code: str) -> None:
    secret = b32encode(SEEDS[algorithm]).decode()
    uri = f"otpauth://totp/x?secret={secret}&algorithm={algorithm}&digits=8"
    assert code_at(parsed(Secret(uri)), at(seconds)).code == Secret(code)


@pytest.mark.parametrize(
    ("key", "seconds", "code", "remaining"),
    [
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59, "287082", 1),
        ("JBSWY3DPEHPK3PXP", 59, "996554", 1),
        ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256&digits=8&period=60", 59, "96023015", 1),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59.999, "287082", 1),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 30, "287082", 30),
        ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 60, "359152", 30),
    ],
)
def test_the_vectors_of_the_contract_and_how_long_a_code_lasts(
    key: str, seconds: float, code: str, remaining: int
) -> None:
    made, left = code_at(parsed(Secret(key)), at(seconds))
    assert made == Secret(code)
    assert left == remaining


def test_a_key_of_one_byte_gives_codes_too() -> None:
    mac = hmac.digest(b"1", (1).to_bytes(8), "sha1")
    number = int.from_bytes(mac[mac[-1] & 15 :][:4]) & 0x7FFFFFFF  # RFC 4226 section 5.3
    assert code_at(parsed(Secret("GE")), at(59)).code == Secret(f"{number % 10**6:06}")
