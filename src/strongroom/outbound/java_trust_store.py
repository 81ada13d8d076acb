"""Trusted certificates in the one form that every Java reads: a PKCS #12 file (RFC 7292) without a password.

It holds public certificates only, so there is nothing to encrypt, and no password to tell to anybody. An entry is
trusted when it carries the attribute by which Java marks a certificate as a root (JDK-8076190, Java 8u301 and newer).
"""

import re
import ssl
from contextlib import suppress

_DATA = bytes.fromhex("06092a864886f70d010701")  # 1.2.840.113549.1.7.1, RFC 2315 section 14
_CERTIFICATE_BAG = bytes.fromhex("060b2a864886f70d010c0a0103")  # 1.2.840.113549.1.12.10.1.3, RFC 7292 section 4.2.3
_X509 = bytes.fromhex("060a2a864886f70d01091601")  # 1.2.840.113549.1.9.22.1, as above
_FRIENDLY_NAME = bytes.fromhex("06092a864886f70d010914")  # 1.2.840.113549.1.9.20, RFC 2985 section 5.5.1
_TRUSTED_FOR = bytes.fromhex("060c6086480186f966adca7b0101")  # 2.16.840.1.113894.746875.1.1, Java's own
_ANY_PURPOSE = bytes.fromhex("0604551d2500")  # 2.5.29.37.0, RFC 5280 section 4.2.1.12
_VERSION = bytes.fromhex("020103")

_SEQUENCE, _SET, _OCTETS, _WRAPPED, _UTF16 = 0x30, 0x31, 0x04, 0xA0, 0x1E
_LONG = 0x80
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def java_trust_store(certificates: str) -> bytes:
    """Return a trust store with these certificates, given as PEM; a damaged one is left out, as nobody trusts it."""
    bags = []
    for at, block in enumerate(_PEM.findall(certificates)):
        with suppress(ValueError):
            bags.append(_bag(ssl.PEM_cert_to_DER_cert(block), f"root {at}"))
    safe = _data(_der(_SEQUENCE, *bags))
    return _der(_SEQUENCE, _VERSION, _data(_der(_SEQUENCE, safe)))


def _bag(certificate: bytes, name: str) -> bytes:
    value = _der(_SEQUENCE, _X509, _der(_WRAPPED, _der(_OCTETS, certificate)))
    known_as = _der(_SEQUENCE, _FRIENDLY_NAME, _der(_SET, _der(_UTF16, name.encode("utf-16-be"))))
    trusted = _der(_SEQUENCE, _TRUSTED_FOR, _der(_SET, _ANY_PURPOSE))
    return _der(_SEQUENCE, _CERTIFICATE_BAG, _der(_WRAPPED, value), _der(_SET, known_as, trusted))


def _data(content: bytes) -> bytes:
    """Return content as PKCS #7 data."""
    return _der(_SEQUENCE, _DATA, _der(_WRAPPED, _der(_OCTETS, content)))


def _der(tag: int, *contents: bytes) -> bytes:
    """Return one element in the distinguished encoding (X.690 section 8.1.3: the length is short, or counted)."""
    content = b"".join(contents)
    length = len(content)
    if length < _LONG:
        return bytes([tag, length]) + content
    counted = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(counted)]) + counted + content
