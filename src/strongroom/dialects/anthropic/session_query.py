"""What clients may ask of the list of sessions (contract anthropic-vaults 8.4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, final

from fastapi import Query
from pydantic import BeforeValidator, WithJsonSchema

from strongroom.dialects.anthropic.fields import read_moment
from strongroom.dialects.anthropic.pages import read_integer
from strongroom.dialects.anthropic.wire_sessions import MAX_VERSION
from strongroom.services.ports import SessionFilter

Status = Literal["rescheduling", "running", "idle", "terminated"]
_ENDED: frozenset[Status] = frozenset({"terminated"})
_LIVE: frozenset[Status] = frozenset({"idle"})
_Moment = Annotated[
    datetime | None, BeforeValidator(read_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
CreatedAfter = Annotated[_Moment, Query(alias="created_at[gt]")]
CreatedFrom = Annotated[_Moment, Query(alias="created_at[gte]")]
CreatedBefore = Annotated[_Moment, Query(alias="created_at[lt]")]
CreatedUntil = Annotated[_Moment, Query(alias="created_at[lte]")]
AgentVersion = Annotated[int | None, BeforeValidator(read_integer), Query(ge=1, le=MAX_VERSION)]
Statuses = Annotated[list[Status] | None, Query(alias="statuses[]")]
Order = Annotated[Literal["asc", "desc"], Query(description="By creation time.")]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions are asked for. Deployments and memory stores are things that no session of ours has."""

    agent_id: str | None
    agent_version: int | None
    after: datetime | None
    at_or_after: datetime | None
    before: datetime | None
    at_or_before: datetime | None
    statuses: list[Status] | None
    deployment_id: str | None
    memory_store_id: str | None

    def filter(self) -> SessionFilter | None:
        """Return the filter; None where no session can be meant."""
        wanted = set(self.statuses or _LIVE | _ENDED)
        if self.deployment_id is not None or self.memory_store_id is not None or not wanted & (_LIVE | _ENDED):
            return None
        return SessionFilter(
            agent_id=self.agent_id,
            agent_version=self.agent_version,
            created_gt=self.after,
            created_gte=self.at_or_after,
            created_lt=self.before,
            created_lte=self.at_or_before,
            live=None if wanted >= _LIVE | _ENDED else bool(wanted & _LIVE),
        )
