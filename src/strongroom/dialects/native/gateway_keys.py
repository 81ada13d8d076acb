"""Gateway keys with their limits, and what they have taken of them. Such keys are made at the vendor's own paths."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.core.llm.limits import MAX_LIMIT, Limits
from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer, Asked, Moment
from strongroom.services.catalogue import Services
from strongroom.services.llm_usage import Standing

Limit = Annotated[int, Field(ge=0, le=MAX_LIMIT)]


class LimitsBody(Asked):
    """What a key may take from now on, in tokens; what is left out or null is without a limit."""

    tokens_per_day: Limit | None = Field(None, description="Of a day in UTC.")
    tokens_per_month: Limit | None = Field(None, description="Of a month in UTC.")


class GatewayKeyAnswer(Answer):
    """A gateway key, its limits, and what it has taken of them; null without a limit."""

    id: str
    name: str
    kind: str
    key_prefix: str
    created_at: Moment
    expires_at: Moment | None
    disabled_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None
    tokens_per_day: int | None
    tokens_per_month: int | None
    tokens_today: int | None
    tokens_this_month: int | None
    day_ends_at: Moment
    month_ends_at: Moment


class GatewayKeyList(Answer):
    """The workspace's gateway keys, oldest first, revoked ones included."""

    data: list[GatewayKeyAnswer]


def add_gateway_keys(router: APIRouter, services: Services) -> None:
    """Add the routes."""

    async def list_gateway_keys(request: Request) -> GatewayKeyList:
        """List gateway keys with their limits."""
        return GatewayKeyList(data=[*map(_shown, await services.llm_usage.standings(caller(request)))])

    async def limit_gateway_key(request: Request, key_id: str, body: LimitsBody) -> GatewayKeyAnswer:
        """Set what a key may take; it holds for the next request. What it has taken already counts."""
        limits = Limits(day=body.tokens_per_day, month=body.tokens_per_month)
        return _shown(await services.llm_usage.limit(caller(request), key_id, limits))

    router.add_api_route(f"{PREFIX}/gateway-keys", list_gateway_keys, methods=["GET"])
    router.add_api_route(f"{PREFIX}/gateway-keys/{{key_id}}/limits", limit_gateway_key, methods=["PUT"])


def _shown(standing: Standing) -> GatewayKeyAnswer:
    key = standing.key
    return GatewayKeyAnswer(
        id=key.id,
        name=key.name,
        kind=key.kind.value,
        key_prefix=key.key_prefix,
        created_at=key.created_at,
        expires_at=key.expires_at,
        disabled_at=key.disabled_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        tokens_per_day=key.limits.day,
        tokens_per_month=key.limits.month,
        tokens_today=standing.day,
        tokens_this_month=standing.month,
        day_ends_at=standing.day_ends,
        month_ends_at=standing.month_ends,
    )
