"""What many requests to models took together, and what counts against a key's limits.

Rules kept here:
- sums have what vendors told; where they told nothing, a sum says of how many requests that is so;
- against a limit an estimate counts instead of what is unknown: else a client need only not ask its vendor for counts,
  or hang up before they come, and no limit would hold it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from strongroom.core.ids import OrganizationId, WorkspaceId
from strongroom.core.llm.families import Operation
from strongroom.core.llm.limits import Window
from strongroom.core.llm.uses import Finish, Use

BYTES_PER_TOKEN = 4
"""Of English prose; a stream's event is taken for one token, which is what vendors send in one, or a few."""
_FIRST_ERROR = 400


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is summed together. `model` is its upstream's name for it; that and `connection` may be empty."""

    organization: OrganizationId
    workspace: WorkspaceId
    day: datetime
    key: str
    model: str
    connection: str

    @classmethod
    def of(cls, use: Use) -> "Place":
        """Return where a request is counted: on the day that it began."""
        return cls(
            organization=use.organization,
            workspace=use.workspace,
            day=Window.DAY.begins(use.at),
            key=use.key,
            model=use.upstream_model or "",
            connection=use.connection or "",
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Counts. `failed` were answered with an error; of `untold` nobody told all tokens."""

    requests: int = 0
    failed: int = 0
    untold: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    charged: int = 0

    @classmethod
    def of(cls, use: Use) -> "Sums":
        """Return those of one request."""
        tokens = use.tokens
        return cls(
            requests=1,
            failed=int(use.status >= _FIRST_ERROR),
            untold=int(_is_served(use) and charge(use) != tokens.total),
            input=tokens.input or 0,
            output=tokens.output or 0,
            cached=tokens.cached or 0,
            cache_write=tokens.cache_write or 0,
            charged=charge(use),
        )

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            requests=self.requests + other.requests,
            failed=self.failed + other.failed,
            untold=self.untold + other.untold,
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            cache_write=self.cache_write + other.cache_write,
            charged=self.charged + other.charged,
        )


def charge(use: Use) -> int:
    """Return how many tokens of a request count against the limits of its key."""
    tokens = use.tokens
    if not _is_served(use):
        return tokens.total
    taken = -(-use.bytes_in // BYTES_PER_TOKEN) if tokens.input is None else tokens.input
    if use.operation is Operation.EMBEDDINGS or (tokens.output is not None and use.finish is Finish.COMPLETED):
        return taken + (tokens.output or 0)
    # Unknown, or only what had been told when it ended early: at least what was seen.
    seen = use.events if use.is_stream else -(-use.bytes_out // BYTES_PER_TOKEN)
    return taken + max(tokens.output or 0, seen)


def _is_served(use: Use) -> bool:
    """Whether a model worked for it: counting is free, and so are refusals, errors, and what went nowhere."""
    if use.provider is None or use.finish is Finish.REFUSED or use.operation is Operation.COUNT_TOKENS:
        return False
    return use.finish is not Finish.COMPLETED or use.status < _FIRST_ERROR
