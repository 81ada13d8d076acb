"""What is fuzzed, by name. Each target takes bytes and raises `AssertionError` where a rule does not hold."""

from collections.abc import Callable

from tests.fuzz import conversation, decoding

TARGETS: dict[str, Callable[[bytes], None]] = {"conversation": conversation.check, "decoding": decoding.check}
