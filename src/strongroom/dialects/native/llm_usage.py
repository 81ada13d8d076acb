"""What gateway keys used of models: sums by day, key, model and credential; and request by request, for 30 days."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from strongroom.core.failures import Invalid
from strongroom.core.fields import read_time, write_time
from strongroom.core.llm.limits import Window
from strongroom.core.llm.uses import Use
from strongroom.core.pages import Position
from strongroom.dialects.door import caller
from strongroom.dialects.native.listing import DEFAULT_LIMIT
from strongroom.dialects.native.shapes import PREFIX, Answer, Moment, Text
from strongroom.dialects.options import Options
from strongroom.services.catalogue import Services
from strongroom.services.llm_use_ports import Chosen, Grouped, Grouping

MAX_ROWS = 1000
USUAL_DAYS = 30
_COLLECTION = "llm_uses"

Key = Annotated[Text | None, Query(description="Only of this gateway key, by its id.")]
Model = Annotated[Text | None, Query(description="Only of this model, as its upstream calls it.")]
Credential = Annotated[Text | None, Query(description="Only with this credential: a connection's id.")]


class SumsAnswer(Answer):
    """What was used, together. `day`, `key_id`, `model` and `connection_id` are null unless `group_by` names them."""

    day: date | None
    key_id: str | None
    model: str | None
    connection_id: str | None
    requests: int
    failed_requests: int
    untold_requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    counted_tokens: int


class UsageAnswer(Answer):
    """Sums, the latest day first. `has_more` where there are more lines than the limit: ask for fewer days."""

    data: list[SumsAnswer]
    has_more: bool


class AttemptAnswer(Answer):
    """One try at one upstream."""

    provider_id: str
    model: str
    status: int | None
    milliseconds: int
    code: str | None


class UseAnswer(Answer):
    """One request. Tokens that the upstream did not tell are null."""

    request_id: str
    at: Moment
    organization_id: str
    key_id: str
    user_id: str | None
    group_name: str | None
    dialect: Literal["openai", "anthropic"]
    operation: str
    requested_model: str | None
    model: str | None
    provider_id: str | None
    connection_id: str | None
    secret_version: int | None
    attempts: list[AttemptAnswer]
    status: int
    code: str | None
    finish: str
    is_stream: bool
    ttfb_ms: int | None
    total_ms: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    bytes_in: int
    bytes_out: int


class UseList(Answer):
    """Requests, the latest first."""

    data: list[UseAnswer]
    next_page: str | None


def add_llm_usage(router: APIRouter, services: Services, options: Options) -> None:
    """Add the routes."""

    async def show_usage(  # noqa: PLR0913 - one for each that can be asked for
        request: Request,
        begins: Annotated[
            date | None, Query(alias="from", description="The first day, in UTC. Without it: 30 days before the last.")
        ] = None,
        ends: Annotated[date | None, Query(alias="to", description="The last day, in UTC. Without it: today.")] = None,
        key: Key = None,
        model: Model = None,
        credential: Credential = None,
        group_by: Annotated[list[Grouping] | None, Query(description="Repeatable. Without it: day.")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = MAX_ROWS,
    ) -> UsageAnswer:
        """Sum up what was used.

        Tokens are as vendors told them; `input_tokens` includes `cached_tokens` and `cache_write_tokens`. Of
        `untold_requests` they told nothing, or not all. `counted_tokens` is what counts against limits of keys: where
        a vendor told nothing, it has an estimate.
        """
        first, last = _days(begins, ends, options.clock())
        chosen = Chosen(begins=first, ends=last, key=key, model=model, connection=credential)
        by = tuple(dict.fromkeys(group_by or (Grouping.DAY,)))
        rows = await services.llm_usage.grouped(caller(request), chosen, by, limit=limit + 1)
        return UsageAnswer(data=[*map(_sums, rows[:limit])], has_more=len(rows) > limit)

    async def list_uses(  # noqa: PLR0913 - as above
        request: Request,
        key: Key = None,
        model: Model = None,
        credential: Credential = None,
        limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = DEFAULT_LIMIT,
        page: Annotated[Text | None, Query(description="The `next_page` of the page before.")] = None,
    ) -> UseList:
        """List single requests of the last 30 days. Never what was said in them."""
        principal = caller(request)
        scope = (principal.workspace, key or "", model or "", credential or "")
        after = None
        if page is not None:
            moment, id_ = options.pages.read(page, collection=_COLLECTION, scope=scope)
            after = Position(read_time(moment), id_)
        chosen = Chosen(key=key, model=model, connection=credential)
        found = await services.llm_usage.page(principal, chosen, limit=limit, after=after)
        next_page = None
        if found.more:
            position = (write_time(found.rows[-1].at), found.rows[-1].request_id)
            next_page = options.pages.write(position, collection=_COLLECTION, scope=scope)
        return UseList(data=[*map(_use, found.rows)], next_page=next_page)

    router.add_api_route(f"{PREFIX}/usage", show_usage, methods=["GET"])
    router.add_api_route(f"{PREFIX}/usage/requests", list_uses, methods=["GET"])


def _days(begins: date | None, ends: date | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the moments between which the days lie. Raises `Invalid`."""
    last = Window.DAY.begins(now) if ends is None else _midnight(ends)
    try:
        first = last - timedelta(days=USUAL_DAYS - 1) if begins is None else _midnight(begins)
        after = last + timedelta(days=1)
    except OverflowError:
        raise Invalid("must be a day that has others around it", field="to") from None
    if first > last:
        raise Invalid("must not be after `to`", field="from")
    return first, after


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _sums(row: Grouped) -> SumsAnswer:
    sums = row.sums
    return SumsAnswer(
        day=None if row.day is None else row.day.date(),
        key_id=row.key,
        model=row.model or None,
        connection_id=row.connection or None,
        requests=sums.requests,
        failed_requests=sums.failed,
        untold_requests=sums.untold,
        input_tokens=sums.input,
        output_tokens=sums.output,
        cached_tokens=sums.cached,
        cache_write_tokens=sums.cache_write,
        counted_tokens=sums.charged,
    )


def _use(use: Use) -> UseAnswer:
    tokens = use.tokens
    return UseAnswer(
        request_id=use.request_id,
        at=use.at,
        organization_id=use.organization,
        key_id=use.key,
        user_id=use.user_id,
        group_name=use.group_name,
        dialect="anthropic" if use.operation.is_anthropic else "openai",
        operation=use.operation.value,
        requested_model=use.requested_model,
        model=use.upstream_model,
        provider_id=use.provider,
        connection_id=use.connection,
        secret_version=use.secret_version,
        attempts=[
            AttemptAnswer(
                provider_id=each.provider,
                model=each.upstream_model,
                status=each.status,
                milliseconds=each.milliseconds,
                code=each.code,
            )
            for each in use.attempts
        ],
        status=use.status,
        code=use.code,
        finish=use.finish.value,
        is_stream=use.is_stream,
        ttfb_ms=use.ttfb_ms,
        total_ms=use.total_ms,
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cached_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_write,
        bytes_in=use.bytes_in,
        bytes_out=use.bytes_out,
    )
