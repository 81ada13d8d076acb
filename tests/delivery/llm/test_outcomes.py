from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from strongroom.delivery.llm.outcomes import judged
from strongroom.delivery.llm.refusals import Code, Turned

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)


@dataclass
class Said:
    """An answer's head."""

    status: int
    fields: Sequence[tuple[bytes, bytes]] = ()
    ended: bool = True

    async def piece(self) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("field", "value", "seconds"),
    [
        (b"Retry-After", b"7", 7.0),
        (b"retry-after", b"1.5", 1.5),
        (b"retry-after-ms", b"250", 0.25),
        (b"retry-after", b"Fri, 27 Nov 2026 12:00:30 GMT", 30.0),
        (b"retry-after", b"Fri, 27 Nov 2026 11:00:00 GMT", 0.0),
        (b"retry-after", b"soon", None),
        (b"retry-after", b"-5", None),
        (b"retry-after", b"nan", None),
        (b"retry-after", b"9" * 400, 86_400_000.0),
        (b"retry-after", b"\xff", None),
        (b"retry-after", b"", None),
    ],
)
def test_an_upstream_says_when_to_come_back(field: bytes, value: bytes, seconds: float | None) -> None:
    failed = judged(Said(429, [(field, value)]), "p", is_of_client=False, now=NOW)
    assert failed is not None
    assert (failed.code, failed.again_in) == (Code.RATE_LIMITED, seconds)


@pytest.mark.parametrize("status", [100, 101, 500, 502, 599, 600, 999])
def test_what_is_no_answer_is_a_failure(status: int) -> None:
    failed = judged(Said(status), "p", is_of_client=True, now=NOW)
    assert failed is not None
    assert failed.code is Code.UPSTREAM_ERROR


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_ends_the_request(status: int) -> None:
    with pytest.raises(Turned, match="redirect"):
        judged(Said(status), "p", is_of_client=False, now=NOW)
