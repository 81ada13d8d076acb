"""How vaults stand for an organization, as `strongroom doctor` and the native API tell."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from strongroom.core.actions import Scope
from strongroom.core.failures import BadReply, Invalid, NotPermitted, Unreachable
from strongroom.core.ids import OrganizationId
from strongroom.core.overriding import override
from strongroom.services.custodian_checks import CustodianChecks, CustodianStanding
from tests.services.rooms import Rooms


@dataclass
class AnotherVault:
    missing: Invalid | None = None
    fails: Exception | None = None

    async def ready(self, organization: OrganizationId) -> None:
        assert organization
        if self.missing is not None:
            raise self.missing

    async def check(self, organization: OrganizationId) -> None:
        assert organization
        if self.fails is not None:
            raise self.fails


async def looked(rooms: Rooms, default: str = "ours", **vaults: AnotherVault) -> Sequence[CustodianStanding]:
    checks = CustodianChecks(ours="ours", vaults=vaults, default=default, gate=rooms.gate)
    return await checks.look(rooms.admin)


async def test_ours_stands_always_and_one_that_nobody_set_up_is_not_asked(rooms: Rooms) -> None:
    never = AnotherVault(missing=Invalid("is not set up"), fails=AssertionError("was asked"))
    ours, other = await looked(rooms, never=never)
    assert ours == CustodianStanding(custodian="ours", is_default=True, is_set_up=True)
    assert other == CustodianStanding(custodian="never", is_default=False, is_set_up=False)


@pytest.mark.parametrize(
    "failure", [Unreachable("it is down"), BadReply("it is down"), NotPermitted("it is down"), Invalid("it is down")]
)
async def test_one_that_would_not_serve_says_why_and_hides_no_other(rooms: Rooms, failure: Exception) -> None:
    _, down, up = await looked(rooms, default="down", down=AnotherVault(fails=failure), up=AnotherVault())
    assert (down.is_default, down.is_set_up) == (True, True)
    assert "it is down" in down.failure
    assert (up.is_set_up, up.failure) == (True, "")


async def test_one_that_hangs_is_waited_for_no_longer_than_the_limit(rooms: Rooms) -> None:
    class Hanging:
        async def ready(self, organization: OrganizationId) -> None:
            assert organization

        async def check(self, organization: OrganizationId) -> None:
            assert organization
            await asyncio.Event().wait()

    vaults = {"hanging": Hanging()}
    checks = CustodianChecks(ours="ours", vaults=vaults, default="ours", gate=rooms.gate, seconds=0.01)
    _, standing = await checks.look(rooms.admin)
    assert standing.failure == "it did not answer in 0.01 seconds"


async def test_all_are_asked_at_once(rooms: Rooms) -> None:
    both = asyncio.Barrier(2)

    class Meeting(AnotherVault):
        @override
        async def check(self, organization: OrganizationId) -> None:
            assert organization
            await both.wait()

    standings = await asyncio.wait_for(looked(rooms, one=Meeting(), two=Meeting()), 10)
    assert [each.failure for each in standings] == ["", "", ""]


async def test_who_may_not_read_vaults_is_told_nothing(rooms: Rooms) -> None:
    nobody = replace(rooms.admin, scopes=frozenset({Scope.SESSIONS_READ}))
    checks = CustodianChecks(ours="ours", vaults={}, default="ours", gate=rooms.gate)
    with pytest.raises(NotPermitted):
        await checks.look(nobody)
