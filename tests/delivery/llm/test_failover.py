"""Which route answers, and when none does."""

import asyncio
import time

import pytest

from strongroom.core.llm.families import Operation
from tests.delivery.llm.behaviours import covers
from tests.delivery.llm.rig import Rig, told
from tests.delivery.llm.vendors import Say, Vendor, answer, chat, hangs_up, silent, vendor
from tests.delivery.mcp.running import until


@covers("L078")
@pytest.mark.parametrize(
    "first",
    [
        answer(503),
        answer(500),
        answer(529),
        answer(408),
        answer(429),
        hangs_up(),
        answer(200, b"", {"content-length": "9"}),
    ],
    ids=["503", "500", "529", "408", "429", "hangs up", "broken"],
)
async def test_the_next_route_answers_where_one_fails(rig: Rig, upstream: Vendor, first: Say) -> None:
    before = rig.stage.house.llm.counters.attempts.total()

    async def cut(writer: asyncio.StreamWriter) -> None:
        await first(writer)
        await hangs_up()(writer)

    upstream.says(cut)
    async with vendor(chat("second")) as second:
        rig.route(upstream)
        rig.route(second, priority=1)
        said = await rig.post()
    assert said.json()["choices"][0]["message"]["content"] == "second"
    assert len(upstream.seen) == 1
    assert rig.stage.house.llm.counters.attempts.total() - before >= 2


@covers("L079")
@pytest.mark.parametrize("status", [401, 403])
async def test_the_next_route_answers_where_a_key_is_rejected(rig: Rig, upstream: Vendor, status: int) -> None:
    upstream.says(answer(status))
    async with vendor() as second:
        rig.route(upstream)
        rig.route(second, priority=1)
        assert (await rig.post()).status_code == 200
        assert len(second.seen) == 1


async def test_the_next_route_answers_where_nobody_listens(rig: Rig, upstream: Vendor) -> None:
    async with vendor() as gone:
        nowhere = gone.url
    rig.route(nowhere)
    assert (await rig.post()).status_code == 502
    rig.route(upstream, priority=1)
    assert (await rig.post()).status_code == 200


async def test_the_next_route_answers_where_one_is_silent(rig: Rig, upstream: Vendor) -> None:
    upstream.says(silent())
    rig.route(upstream, request_timeout_secs=1)
    told(await rig.post(), 504, "upstream_timeout")
    async with vendor() as second:
        rig.route(second, priority=1)
        assert (await rig.post()).status_code == 200


@covers("L080")
@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422])
async def test_a_clients_own_mistake_is_passed_and_not_tried_elsewhere(rig: Rig, upstream: Vendor, status: int) -> None:
    upstream.says(answer(status, b'{"error":{"message":"no"}}'))
    async with vendor() as second:
        rig.route(upstream)
        rig.route(second, priority=1)
        said = await rig.post()
        assert not second.seen
    assert (said.status_code, said.json()) == (status, {"error": {"message": "no"}})


@covers("L081")
async def test_a_429_is_waited_out_where_a_route_has_patience(rig: Rig, upstream: Vendor) -> None:
    upstream.says(answer(429, fields={"retry-after": "1"}), chat())
    rig.route(upstream, retry_on_429_count=1, retry_on_429_max_wait_secs=2)
    assert (await rig.post()).status_code == 200
    first, second = upstream.seen
    assert 0.9 < second.at - first.at < 2


async def test_no_request_makes_more_than_five(rig: Rig, upstream: Vendor) -> None:
    upstream.says(answer(429, fields={"retry-after": "0"}))
    rig.route(upstream, retry_on_429_count=10, retry_on_429_max_wait_secs=1)
    told(await rig.post(), 429, "upstream_rate_limited")
    assert len(upstream.seen) == 5


async def test_a_route_that_failed_often_rests(rig: Rig, upstream: Vendor) -> None:
    upstream.says(answer(500))
    rig.route(upstream, cooldown_failure_threshold=2, cooldown_base_secs=30)
    for _ in range(2):
        told(await rig.post(), 502, "upstream_error")
    said = await rig.post()
    told(said, 503, "no_route_available")
    assert 25 <= int(said.headers["retry-after"]) <= 30
    assert len(upstream.seen) == 2


async def test_a_route_that_has_rested_is_tried_by_one(rig: Rig, upstream: Vendor) -> None:
    upstream.says(answer(429, fields={"retry-after": "1"}), chat())
    rig.route(upstream)
    told(await rig.post(), 429, "upstream_rate_limited")
    told(await rig.post(), 503, "no_route_available")
    ends = time.monotonic() + 20
    while (await rig.post()).status_code != 200:
        assert time.monotonic() < ends
        await asyncio.sleep(0.1)
    assert len(upstream.seen) == 2


async def test_a_rotation_ends_a_rest(rig: Rig, upstream: Vendor) -> None:
    upstream.says(answer(401))
    made = rig.route(upstream, cooldown_failure_threshold=1)
    told(await rig.post(), 502, "upstream_auth_failed")
    told(await rig.post(), 503, "no_route_available")
    upstream.says(chat())
    rig.api.put(f"/connections/{made.connection}", api_key="sk-another-0123456789")
    assert (await rig.post()).status_code == 200


async def test_three_rejections_make_a_provider_unhealthy_and_a_new_key_serves_again(
    rig: Rig, upstream: Vendor
) -> None:
    made = rig.route(upstream)
    assert (await rig.post()).status_code == 200
    await _health(rig, made.provider, "healthy")
    upstream.says(answer(401, b'{"error":"sk-secret-tail"}'))
    for _ in range(3):
        told(await rig.post(), 502, "upstream_auth_failed")
    shown = await _health(rig, made.provider, "unhealthy")
    assert shown["health_detail"] == "upstream rejected the credential"
    told(await rig.post(), 503, "no_route_available")
    upstream.says(chat())
    rig.api.put(f"/connections/{made.connection}", api_key="sk-another-0123456789")
    assert (await rig.post()).status_code == 200
    await _health(rig, made.provider, "healthy")


@covers("L085")
async def test_a_disabled_provider_serves_nobody(rig: Rig, upstream: Vendor) -> None:
    made = rig.route(upstream)
    rig.api.put(f"/providers/{made.provider}", enabled=False)
    said = await rig.post()
    told(said, 503, "no_route_available")
    assert "retry-after" in said.headers
    assert not upstream.seen


@covers("L088")
async def test_a_redirect_is_not_followed(rig: Rig, upstream: Vendor) -> None:
    async with vendor() as other:
        upstream.says(answer(307, fields={"location": f"{other.url}/v1/chat/completions"}))
        rig.route(upstream)
        rig.route(other, priority=1)
        said = await rig.post()
        assert not other.seen
    told(said, 502, "upstream_redirects")
    assert "location" not in said.headers


@covers("L103")
@pytest.mark.parametrize("name", ["metadata.example.com", "inner.example.com"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_that_leads_where_nobody_may_go_is_not_followed(rig: Rig, name: str, scheme: str) -> None:
    rig.route(f"{scheme}://{name}")
    refused = told(await rig.post(), 502, "upstream_unreachable")
    assert "169.254" not in refused["message"]
    rig.api.refused(
        "POST",
        "/connections",
        {"name": "m", "model_provider": "openai", "api_key": "sk-0123456789", "base_url": "http://169.254.169.254/"},
    )


async def test_a_stream_that_says_nothing_is_given_up(rig: Rig, upstream: Vendor) -> None:
    upstream.says(silent())
    rig.route(upstream, stream_idle_timeout_secs=1)
    told(await rig.post(body={"model": "gpt", "messages": [], "stream": True}), 504, "upstream_timeout")


async def test_the_outcomes_are_counted(rig: Rig, upstream: Vendor) -> None:
    counters = rig.stage.house.llm.counters
    completed, failed = (Operation.CHAT, "completed"), (Operation.CHAT, "upstream_error")
    before = counters.requests[completed], counters.requests[failed]
    rig.route(upstream)
    await rig.post()
    upstream.says(answer(500))
    await rig.post()
    await until(lambda: (counters.requests[completed], counters.requests[failed]) == (before[0] + 1, before[1] + 1))


async def _health(rig: Rig, provider: str, status: str) -> dict[str, object]:
    ends = time.monotonic() + 20
    while True:
        shown: dict[str, object] = rig.api.got(f"/providers/{provider}")
        if shown["health_status"] == status:
            return shown
        assert time.monotonic() < ends, shown
        await asyncio.sleep(0.05)
