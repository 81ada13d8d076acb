from datetime import timedelta

from strongroom.core.llm.cooldowns import RESTED, Cooldown, Resting, failed, overloaded, rate_limited, succeeded
from strongroom.core.llm.mappings import Patience
from tests.core.llm.things import NOW

PATIENCE = Patience(cooldown_failure_threshold=3, cooldown_window_secs=60, cooldown_base_secs=30, cooldown_max_secs=100)


def after(*seconds: float, patience: Patience = PATIENCE, state: Cooldown = RESTED) -> Cooldown:
    for each in seconds:
        state = failed(state, patience, NOW + timedelta(seconds=each), Resting.PROVIDER_ERRORS)
    return state


def test_enough_failures_within_the_window_suspend_a_route() -> None:
    assert not after(0, 1).is_suspended(NOW + timedelta(seconds=1))
    suspended = after(0, 1, 2)
    assert suspended.is_suspended(NOW + timedelta(seconds=31))
    assert not suspended.is_suspended(NOW + timedelta(seconds=32))
    assert suspended.recovers_in(NOW + timedelta(seconds=2)) == 30
    assert not after(0, 61, 122).is_suspended(NOW + timedelta(seconds=122))


def test_each_failed_probe_doubles_the_rest_up_to_the_most() -> None:
    ends, state, now = [], after(0, 1, 2), 2.0
    for _ in range(4):
        assert state.until is not None
        ends.append((state.until - NOW).total_seconds() - now)
        now = (state.until - NOW).total_seconds()
        state = after(now, state=state)
    assert ends == [30, 60, 100, 100]


def test_an_answer_forgets_it_all() -> None:
    assert succeeded(after(0, 1, 2)) == RESTED


def test_an_upstream_that_says_when_is_believed_up_to_the_most() -> None:
    def rests(state: Cooldown) -> float:
        assert state.until is not None
        return (state.until - NOW).total_seconds()

    assert rests(rate_limited(RESTED, PATIENCE, NOW, 7)) == 7
    assert rests(rate_limited(RESTED, PATIENCE, NOW, None)) == 30
    assert rests(rate_limited(RESTED, PATIENCE, NOW, 10_000)) == 100
    assert rests(overloaded(RESTED, PATIENCE, NOW, None)) == 10


def test_an_overload_can_count_as_an_ordinary_failure() -> None:
    patience = Patience(cooldown_failure_threshold=2, cooldown_overloaded_secs=0)
    once = overloaded(RESTED, patience, NOW, None)
    assert not once.is_suspended(NOW)
    assert overloaded(once, patience, NOW, None).is_suspended(NOW)


def test_a_threshold_of_zero_switches_all_of_it_off() -> None:
    off = Patience(cooldown_failure_threshold=0)
    assert after(*range(20), patience=off) == RESTED
    assert rate_limited(RESTED, off, NOW, 5) == RESTED
    assert overloaded(RESTED, off, NOW, 5) == RESTED
