"""Randomness that repeats: each call gives other bytes, each test the same ones."""

import hashlib
from collections.abc import Callable
from itertools import count


def counting_entropy(label: str = "entropy") -> Callable[[int], bytes]:
    """Return an `Entropy` whose bytes depend on the label and on how often it was asked."""
    calls = count()
    return lambda size: hashlib.shake_256(f"{label}:{next(calls)}".encode()).digest(size)
