import asyncio
from contextlib import suppress

import pytest

from strongroom.core.failures import Unavailable
from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.delivery.llm.under_way import UnderWay
from strongroom.delivery.mcp.leash import Ended, Leash, Why
from strongroom.services.llm_routing import Refused


async def unknown(_digest: bytes) -> GatewayKey | Refused:
    return Refused("invalid_api_key")


async def untold(_digest: bytes) -> GatewayKey | Refused:
    raise Unavailable("the database does not answer")


async def held(under_way: UnderWay, until: asyncio.Event) -> Why | None:
    """Be under way until something happens; return what ended it."""
    leash = Leash()
    try:
        with under_way.holding(leash, b"digest"):
            async with leash.held():
                await until.wait()
    except Ended as ended:
        return ended.why
    return None


async def test_what_ends_within_the_grace_is_let() -> None:
    under_way, done = UnderWay(key=unknown, seconds=60), asyncio.Event()
    running = asyncio.create_task(held(under_way, done))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(under_way.stop(20))
    await asyncio.sleep(0)
    done.set()
    await stopping
    assert await running is None
    assert await held(under_way, asyncio.Event()) is Why.STOPPING  # who comes later


async def test_what_does_not_is_ended() -> None:
    under_way = UnderWay(key=unknown, seconds=60)
    running = asyncio.create_task(held(under_way, asyncio.Event()))
    await asyncio.sleep(0)
    await under_way.stop(0.01)
    assert await running is Why.STOPPING


@pytest.mark.parametrize("key", [unknown, untold])
async def test_what_has_no_good_key_any_more_is_ended(key: object) -> None:
    under_way = UnderWay(key=key, seconds=0.01)  # type: ignore[arg-type]  # either of the two above
    watching = asyncio.create_task(under_way.watch())
    try:
        assert await asyncio.wait_for(held(under_way, asyncio.Event()), 20) is Why.SESSION_OVER
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
