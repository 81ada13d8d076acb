"""A key from a passphrase: Argon2id (RFC 9106).

The salt and the costs are not secret; they are kept beside what they lead to.
"""

import unicodedata
from dataclasses import dataclass
from typing import final

from argon2.low_level import Type, hash_secret_raw

from strongroom.core.secret import Secret
from strongroom.crypto.aead import KEY_BYTES

SALT_BYTES = 16


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one derivation costs: passes over the memory, its size, and how many lanes fill it."""

    passes: int
    memory_kib: int
    lanes: int


RFC_9106 = Costs(passes=3, memory_kib=64 * 1024, lanes=4)
"""RFC 9106 section 4, the second recommended option: the one for machines of any size."""

TESTS_ONLY = Costs(passes=1, memory_kib=8, lanes=1)
"""The least that the algorithm takes. Tests only: it stops nobody."""


def derive_key(passphrase: Secret, *, salt: bytes, costs: Costs) -> bytes:
    """Return 32 key bytes. Spellings that look the same give the same key (NFC, as RFC 8265 has it)."""
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase.reveal()).encode(),
        salt,
        time_cost=costs.passes,
        memory_cost=costs.memory_kib,
        parallelism=costs.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
