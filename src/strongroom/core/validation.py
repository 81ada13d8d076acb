"""What a live look at an MCP credential found, and what follows from it (contract anthropic-vaults 5). Pure.

Rules kept here:
- what servers answered is shown scrubbed of every secret of the credential and of every token that was issued, and cut;
- a verdict is `invalid` only where somebody can do something about the grant: what points elsewhere is `unknown`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, final

from strongroom.core.credentials import Credential
from strongroom.core.scrubbing import Scrubber
from strongroom.core.secret import Secret

MAX_BODY = 4096
"""Characters of a body that are shown."""
_MAX_TYPE = 255
_MARK = "[secret]"


class Verdict(StrEnum):
    """The whole of it in a word."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Renewed(StrEnum):
    """What became of the renewal."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CONNECT_ERROR = "connect_error"
    NO_REFRESH_TOKEN = "no_refresh_token"  # noqa: S105 - the contract's word


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a server answered, as it may be shown."""

    status: int
    content_type: str
    body: str
    truncated: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FailedStep:
    """The MCP method that did not succeed, and the answer to it if there was one."""

    method: str
    answer: Answered | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalSeen:
    """What became of the renewal, and the answer to it where it failed by one."""

    status: Renewed
    answer: Answered | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """All that was found of a credential at a moment."""

    credential: Credential
    at: datetime
    has_refresh_token: bool
    verdict: Verdict
    probe: FailedStep | None
    renewal: RenewalSeen | None


def of_probe(failed: FailedStep | None) -> Verdict:
    """Say what a probe of the server means by itself."""
    if failed is None:
        return Verdict.VALID
    if failed.answer is not None and failed.answer.status in {401, 403}:
        return Verdict.INVALID
    return Verdict.UNKNOWN


def is_rejection(failed: FailedStep | None) -> bool:
    """Tell whether the server said that the token is not good: the one thing that a renewal may mend."""
    return failed is not None and failed.answer is not None and failed.answer.status == 401  # noqa: PLR2004 - RFC 9110


def of_refusal(status: int) -> Verdict:
    """Say what a token endpoint's answer means that brought no token."""
    return Verdict.INVALID if 400 <= status <= 499 and status != 429 else Verdict.UNKNOWN  # noqa: PLR2004 - RFC 9110


def shown(status: int, content_type: str, body: bytes, *, secrets: Iterable[Secret], truncated: bool) -> Answered:
    """Return an answer as it may be shown."""
    scrubber = Scrubber([(secret, _MARK) for secret in [*secrets, *issued(body)]])
    text = scrubber.clean(body).decode(errors="replace")
    return Answered(
        status=status,
        content_type=scrubber.clean(content_type.encode(errors="replace")).decode(errors="replace")[:_MAX_TYPE],
        body=text[:MAX_BODY],
        truncated=truncated or len(text) > MAX_BODY,
    )


def issued(body: bytes) -> list[Secret]:
    """Return the tokens in an answer: they are secrets even where we can make nothing of them."""
    try:
        return [Secret(text) for text in _tokens(json.loads(body)) if text]
    except (ValueError, RecursionError):
        return []


def _tokens(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and str(name).lower().endswith(("_token", "_secret")):
                yield inner
            else:
                yield from _tokens(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _tokens(inner)
