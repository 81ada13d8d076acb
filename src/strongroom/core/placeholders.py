"""The stand-in that an agent holds in place of a secret.

A placeholder belongs to one session and one credential. It is derived from the session's seed
(128 bits or more, sealed at rest) and the credential's id, so it needs no row of its own, survives
rotation, and cannot be guessed or carried to another session. Its alphabet is `[A-Za-z0-9_]`, which
JSON, forms and headers leave alone.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.ids import CredentialId, base62
from strongroom.core.secret import Secret

PREFIX = "srp_"
"""In front of every placeholder that keeps no public prefix of its own."""

SEED_BYTES = 32
_DIGITS = 32  # 190 bits
_LEAST_DIGITS = 22  # 131 bits: the fewest a shaped placeholder may have after its prefix
_BITS_PER_DIGIT = 5.954

KNOWN_PREFIXES = (
    "github_pat_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "glpat-",
    "sk-ant-api03-",
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    "sk-or-v1-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "hf_",
    "npm_",
    "pypi-",
    "dop_v1_",
    "AIza",
    "AKIA",
    "SG.",
    "gsk_",
    "lin_api_",
    "secret_",
    "ntn_",
)
"""Prefixes that vendors publish, longest of a family first."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a placeholder looks: what it begins with and how many random digits follow."""

    prefix: str = PREFIX
    digits: int = _DIGITS


OPAQUE = Shape()


def shape_like(secret: Secret) -> Shape:
    """Return the shape that keeps the secret's public prefix and its length.

    Raises `Invalid` where that would leave fewer than 128 random bits. Only the prefix and the
    length enter the shape, and those are what the caller asked to show.
    """
    text = secret.reveal()
    prefix = next((known for known in KNOWN_PREFIXES if text.startswith(known)), "")
    digits = len(text) - len(prefix)
    if not prefix:
        raise Invalid("a placeholder can only imitate a secret with a known public prefix")
    if digits < _LEAST_DIGITS:
        raise Invalid("a placeholder cannot imitate a secret this short; it would be guessable")
    return Shape(prefix=prefix, digits=digits)


def derive(seed: bytes, credential: CredentialId, shape: Shape, part: str = "") -> str:
    """Return the placeholder of a credential in the session that holds the seed.

    Where the credential's secret has several parts, each has its own.
    """
    width = int(shape.digits * _BITS_PER_DIGIT) // 8
    subject = f"{credential}/{part}" if part else credential
    stream = hashlib.shake_256(hmac.digest(seed, subject.encode(), "sha256")).digest(max(width, 1))
    return shape.prefix + base62(int.from_bytes(stream), shape.digits)
