"""What is known of one request to a model, once it is over (contract 4.6). Never what was said in it.

Rules kept here:
- a count of tokens that nobody told is unknown, which is not zero;
- `input` counts every token that went in, whoever the vendor; `cached` and `cache_write` say which of these were read
  from a cache and written to one. So the sum of `input` and `output` is what a request took.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.llm.families import Operation


@final
class Finish(StrEnum):
    """How a request ended."""

    COMPLETED = "completed"
    """The upstream's last word reached the client, be it an error of the upstream's."""
    REFUSED = "refused"
    """The client got an answer of ours: `code` says which."""
    CLIENT_DISCONNECTED = "client_disconnected"
    UPSTREAM_BROKE = "upstream_broke"
    """It had begun to answer, and then it failed or fell silent."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many tokens a request took, as far as the upstream said."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None

    @property
    def total(self) -> int:
        """What counts against a limit. What is unknown counts as nothing: there is nothing to count it by."""
        return (self.input or 0) + (self.output or 0)


UNTOLD = Tokens()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one upstream: which, what it answered and after how long. `code` where there was no good answer."""

    provider: str
    upstream_model: str
    status: int | None
    milliseconds: int
    code: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One request of a gateway key. Where it went is None as long as it went nowhere.

    `user_id` and `group_name` are those of the key. `status` is what the client got; `ttfb_ms` is until the first byte
    of the body that it got, `total_ms` until the last. `events` is what the tally of a stream says.
    """

    request_id: str
    at: datetime
    organization: OrganizationId
    workspace: WorkspaceId
    key: str
    user_id: str | None = None
    group_name: str | None = None
    operation: Operation
    requested_model: str | None = None
    provider: str | None = None
    connection: str | None = None
    secret_version: int | None = None
    upstream_model: str | None = None
    attempts: tuple[Attempt, ...] = ()
    status: int
    code: str | None = None
    ttfb_ms: int | None = None
    total_ms: int
    is_stream: bool
    tokens: Tokens = UNTOLD
    events: int = 0
    bytes_in: int
    bytes_out: int
    finish: Finish
