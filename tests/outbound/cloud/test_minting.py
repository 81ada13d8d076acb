"""Tokens kept until shortly before their end, and got by one at a time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from strongroom.core.llm.schemes import Scheme
from strongroom.edge import Background
from strongroom.outbound.cloud.minting import Minted, TokenKey, Tokens
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused
from strongroom.testing.clock import FrozenClock

KEY = TokenKey(connection="one", version=1, scheme=Scheme.GOOGLE_ADC, place="scope")
HOUR = timedelta(hours=1)


class Monotonic:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """Issues numbered tokens, as soon as it may; or fails."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.issued = 0
        self.lasts = HOUR
        self.failure: Exception | None = None
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> Minted[str]:
        self.issued += 1
        number = self.issued
        await self.may.wait()
        if self.failure is not None:
            raise self.failure
        return Minted(f"token-{number}", self.clock() + self.lasts)


class Bench:
    """A cache with its clocks and an issuer."""

    def __init__(self, *, seconds: float = 5.0, most: int = 1000) -> None:
        self.clock, self.monotonic, self.background = FrozenClock(), Monotonic(), Background()
        self.issuer = Issuer(self.clock)
        self.tokens = Tokens[str](
            clock=self.clock, monotonic=self.monotonic, spawn=self.background.spawn, seconds=seconds, most=most
        )

    async def get(self, key: TokenKey = KEY, *, rejected: bool = False) -> str:
        return await self.tokens.get(key, self.issuer, rejected=rejected)

    def pass_time(self, step: timedelta) -> datetime:
        self.monotonic.now += step.total_seconds()
        return self.clock.advance(step)

    async def settle(self) -> None:
        """Let renewals in the background end."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.background.close()


async def test_twenty_at_once_make_one_flight_and_all_get_its_token(bench: Bench) -> None:
    bench.issuer.may.clear()
    waiting = [asyncio.ensure_future(bench.get()) for _ in range(20)]
    await bench.settle()
    bench.issuer.may.set()
    assert await asyncio.gather(*waiting) == ["token-1"] * 20
    assert bench.issuer.issued == 1


async def test_who_gives_up_waiting_ends_the_flight_for_nobody(bench: Bench) -> None:
    bench.issuer.may.clear()
    first, second = asyncio.ensure_future(bench.get()), asyncio.ensure_future(bench.get())
    await bench.settle()
    first.cancel()
    await bench.settle()
    assert first.cancelled()
    bench.issuer.may.set()
    assert await second == "token-1"
    assert bench.issuer.issued == 1


@pytest.mark.parametrize("failure", [CredentialUnavailable("nobody"), ExchangeRefused("AccessDenied")])
async def test_a_failure_is_told_to_all_who_wait_and_is_not_kept(bench: Bench, failure: Exception) -> None:
    bench.issuer.failure = failure
    outcomes = await asyncio.gather(*(bench.get() for _ in range(20)), return_exceptions=True)
    assert {(type(each), str(each)) for each in outcomes} == {(type(failure), str(failure))}
    assert len({id(each) for each in outcomes}) == 20
    assert bench.issuer.issued == 1
    bench.issuer.failure = None
    assert await bench.get() == "token-2"


async def test_a_crash_is_told_without_its_words(bench: Bench) -> None:
    bench.issuer.failure = ZeroDivisionError("a-secret")
    with pytest.raises(CredentialUnavailable) as told:
        await bench.get()
    assert "a-secret" not in str(told.value)
    assert told.value.__cause__ is None
    bench.issuer.failure = None
    assert await bench.get() == "token-2"


async def test_an_issuer_that_does_not_answer_is_waited_for_within_a_bound() -> None:
    bench = Bench(seconds=0.05)
    bench.issuer.may.clear()
    with pytest.raises(CredentialUnavailable, match=r"no token came in 0\.05 seconds"):
        await bench.get()
    bench.issuer.may.set()
    assert await bench.get() == "token-2"
    await bench.background.close()


async def test_a_token_is_renewed_five_minutes_before_its_end_while_the_old_one_serves(bench: Bench) -> None:
    assert await bench.get() == "token-1"
    bench.pass_time(timedelta(minutes=54, seconds=59))
    assert await bench.get() == "token-1"
    await bench.settle()
    assert bench.issuer.issued == 1
    bench.pass_time(timedelta(seconds=1))
    bench.issuer.may.clear()
    assert [await bench.get() for _ in range(3)] == ["token-1"] * 3  # nobody waits
    await bench.settle()
    bench.issuer.may.set()
    await bench.settle()
    assert await bench.get() == "token-2"
    assert bench.issuer.issued == 2


async def test_a_renewal_that_fails_is_tried_again_after_a_while_and_the_old_token_serves_to_its_end(
    bench: Bench,
) -> None:
    await bench.get()
    bench.pass_time(timedelta(minutes=56))
    bench.issuer.failure = CredentialUnavailable("down")
    for _ in range(3):
        assert await bench.get() == "token-1"
        await bench.settle()
    assert bench.issuer.issued == 2
    bench.pass_time(timedelta(seconds=30))
    assert await bench.get() == "token-1"
    await bench.settle()
    assert bench.issuer.issued == 3
    bench.pass_time(timedelta(minutes=4))
    with pytest.raises(CredentialUnavailable, match="down"):
        await bench.get()


@pytest.mark.parametrize("steps", ["clock", "monotonic"])
async def test_whichever_clock_says_first_that_a_token_is_over_is_believed(bench: Bench, steps: str) -> None:
    await bench.get()
    if steps == "clock":  # the machine slept, and its monotonic clock with it
        bench.clock.advance(HOUR)
    else:  # somebody has set the clock back
        bench.monotonic.now += 3600
        bench.clock.advance(-timedelta(days=1))
    assert await bench.get() == "token-2"


async def test_a_short_token_is_renewed_in_its_second_half(bench: Bench) -> None:
    bench.issuer.lasts = timedelta(minutes=4)
    await bench.get()
    bench.pass_time(timedelta(seconds=119))
    await bench.get()
    await bench.settle()
    assert bench.issuer.issued == 1
    bench.pass_time(timedelta(seconds=1))
    await bench.get()
    await bench.settle()
    assert bench.issuer.issued == 2


async def test_no_token_is_used_for_more_than_an_hour(bench: Bench) -> None:
    bench.issuer.lasts = timedelta(days=365)
    await bench.get()
    bench.pass_time(HOUR)
    assert await bench.get() == "token-2"


async def test_a_token_that_is_over_when_it_comes_is_none(bench: Bench) -> None:
    bench.issuer.lasts = timedelta(0)
    with pytest.raises(CredentialUnavailable, match="clock"):
        await bench.get()


async def test_a_rejected_token_is_replaced_once(bench: Bench) -> None:
    assert await bench.get() == "token-1"
    assert await asyncio.gather(*(bench.get(rejected=True) for _ in range(20))) == ["token-2"] * 20
    assert (
        await bench.get(rejected=True) == "token-2"
    )  # who was shown token-1 and comes late; or it is of no use either
    assert bench.issuer.issued == 2
    bench.pass_time(timedelta(minutes=1))
    assert await bench.get(rejected=True) == "token-3"


async def test_a_rejected_token_whose_replacement_fails_is_an_error(bench: Bench) -> None:
    await bench.get()
    bench.issuer.failure = ExchangeRefused("AccessDenied")
    with pytest.raises(ExchangeRefused, match="AccessDenied"):
        await bench.get(rejected=True)


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, connection="two"),
        replace(KEY, version=2),
        replace(KEY, scheme=Scheme.GOOGLE_IMPERSONATION),
        replace(KEY, place="elsewhere"),
        replace(KEY, target=("role",)),
    ],
)
async def test_nothing_that_differs_shares_a_token(bench: Bench, other: TokenKey) -> None:
    assert (await bench.get(), await bench.get(other)) == ("token-1", "token-2")


async def test_a_new_version_of_a_secret_drops_what_came_from_the_old_one(bench: Bench) -> None:
    old, new = KEY, replace(KEY, version=2)
    other = replace(KEY, connection="two")
    await bench.get(old)
    await bench.get(other)
    await bench.get(new)
    assert await bench.get(old) == "token-4"  # a request that began before: its token is not kept
    assert await bench.get(old) == "token-5"
    assert await bench.get(new) == "token-3"
    assert await bench.get(other) == "token-2"


async def test_the_least_recently_used_goes_first() -> None:
    bench = Bench(most=2)
    one, two, three = (replace(KEY, connection=name) for name in ("one", "two", "three"))
    await bench.get(one)
    await bench.get(two)
    assert await bench.get(one) == "token-1"
    await bench.get(three)
    assert await bench.get(one) == "token-1"
    assert await bench.get(two) == "token-4"
    await bench.background.close()


async def test_what_is_over_is_not_held(bench: Bench) -> None:
    await bench.get()
    bench.pass_time(HOUR)
    await bench.get(replace(KEY, connection="two"))
    assert [key.connection for key in bench.tokens._held] == ["two"]
