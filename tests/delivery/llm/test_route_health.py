"""Who lists models sees which of them rest after failures, why and for how long; of all others there is no word."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest
from barndoor.models.route_health_status import RouteHealthStatus

from tests.delivery.llm.rig import ROTATED, Rig, Route
from tests.delivery.llm.vendors import Say, Vendor, answer, chat
from tests.dialects.barndoor.api import client

RESTS: dict[str, Any] = {"cooldown_failure_threshold": 1, "cooldown_base_secs": 7, "cooldown_overloaded_secs": 3}


async def health(rig: Rig, made: Route) -> list[RouteHealthStatus | None]:
    """Return what the vendor's own client reads in both lists of the alias."""
    async with client(rig.tenant) as sdk:
        both = (
            *await sdk.llm_gateway.list_all_model_mappings(),
            *await sdk.llm_gateway.list_model_mappings(UUID(made.provider)),
        )
    rows: list[Any] = list(both)
    return [each.route_health_status for each in rows if str(each.id) == made.mapping]


async def rests(rig: Rig, made: Route) -> RouteHealthStatus:
    """Return what both lists say. They are read one after the other, and a rest may end in between."""
    first, second = await health(rig, made)
    assert first is not None
    assert second is not None
    assert second.reason == first.reason
    assert second.state in {first.state, "recovering"}
    return second


@pytest.mark.parametrize(
    ("says", "reason", "seconds"),
    [
        (answer(503), "provider_errors", 7),
        (answer(401), "provider_errors", 7),  # not `auth_failed`, which is a caller's own token's
        (answer(529), "unavailable", 3),
        (answer(429, b"{}", {"retry-after": "20"}), "rate_limited", 20),
    ],
    ids=["503", "401", "529", "429"],
)
async def test_a_route_that_rests_is_told_with_why_and_how_long(
    rig: Rig, upstream: Vendor, says: Say, reason: str, seconds: int
) -> None:
    made = rig.route(upstream, **RESTS)
    assert await health(rig, made) == [None, None]
    upstream.says(says)
    assert (await rig.post()).status_code >= 400
    told = await rests(rig, made)
    assert (told.state, told.reason, told.scope) == ("suspended", reason, "all_users")
    assert seconds - 5 < told.recovers_in_secs <= seconds
    assert f"{told.recovers_in_secs} s" in told.message


async def test_a_new_secret_and_a_good_answer_end_the_word_of_it(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream, cooldown_failure_threshold=1, cooldown_base_secs=1)
    upstream.says(answer(500))
    await rig.post()
    ends = time.monotonic() + 20
    while (await rests(rig, made)).state == "suspended":
        assert time.monotonic() < ends
        await asyncio.sleep(0.1)
    recovering = await rests(rig, made)
    assert (recovering.recovers_in_secs, recovering.reason) == (0, "provider_errors")
    upstream.says(chat("well"))
    assert (await rig.post()).status_code == 200
    assert await health(rig, made) == [None, None]
    upstream.says(answer(500))
    await rig.post()
    assert (await rests(rig, made)).state == "suspended"
    rig.api.put(f"/connections/{made.connection}", api_key=ROTATED)
    assert await health(rig, made) == [None, None]


async def test_what_a_callers_own_token_did_is_shown_to_nobody_else(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream, auth_type="codex_oauth", api_key=None, **RESTS)
    upstream.says(answer(503))
    refused = await rig.post(authorization="Bearer a-token-of-the-caller", x_api_key=rig.key)
    assert refused.status_code == 502
    assert await health(rig, made) == [None, None]
