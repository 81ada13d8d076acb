from datetime import timedelta

import pytest

from strongroom.core.failures import TooMany
from strongroom.core.grants import Principal
from strongroom.core.ids import OrganizationId, PrincipalId, WorkspaceId
from strongroom.dialects.rates import Rates, token
from strongroom.testing.clock import FrozenClock


def of(organization: str, key: str = "key_1") -> Principal:
    return Principal(
        id=PrincipalId(key),
        organization=OrganizationId(organization),
        workspace=WorkspaceId("wrkspc_1"),
        scopes=frozenset(),
    )


ONE, OTHER = of("org_1"), of("org_2")


def test_a_bucket_holds_a_minutes_worth_and_fills_evenly() -> None:
    clock = FrozenClock()
    rates = Rates(creates_per_minute=6, others_per_minute=0, clock=clock)
    for _ in range(6):
        rates.take(ONE, creates=True)
    with pytest.raises(TooMany) as refused:
        rates.take(ONE, creates=True)
    assert refused.value.retry_after == 10
    clock.advance(timedelta(seconds=10))
    rates.take(ONE, creates=True)
    with pytest.raises(TooMany):
        rates.take(ONE, creates=True)
    clock.advance(timedelta(hours=1))
    for _ in range(6):
        rates.take(ONE, creates=True)
    with pytest.raises(TooMany):
        rates.take(ONE, creates=True)


def test_organizations_and_kinds_of_requests_are_counted_apart() -> None:
    rates = Rates(creates_per_minute=1, others_per_minute=1, clock=FrozenClock())
    for organization in (ONE, OTHER):
        for creates in (True, False):
            rates.take(organization, creates=creates)
            with pytest.raises(TooMany):
                rates.take(organization, creates=creates)


def test_the_keys_of_an_organization_share_a_bucket_and_tokens_can_have_their_own() -> None:
    rates = Rates(creates_per_minute=1, others_per_minute=1, clock=FrozenClock())
    rates.take(of("org_1", "key_1"), creates=True)
    with pytest.raises(TooMany):
        rates.take(of("org_1", "key_2"), creates=True)
    rates = Rates(creates_per_minute=1, others_per_minute=1, clock=FrozenClock(), by=token)
    rates.take(of("org_1", "ptok_1"), creates=True)
    rates.take(of("org_1", "ptok_2"), creates=True)
    with pytest.raises(TooMany):
        rates.take(of("org_1", "ptok_1"), creates=True)


def test_a_rate_of_nothing_is_without_a_limit() -> None:
    rates = Rates(creates_per_minute=0, others_per_minute=0, clock=FrozenClock())
    for _ in range(1000):
        rates.take(ONE, creates=True)
