from datetime import UTC, datetime, timedelta

import pytest

from strongroom.core.actions import Action
from strongroom.core.conditions import CONDITIONS, Asked, Fails, Holds, NotAfter, OnlyVaults
from strongroom.core.ids import VaultId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINE, OTHER = VaultId("vlt_1"), VaultId("vlt_2")


def asked(*, vault: VaultId | None = MINE) -> Asked:
    return Asked(action=Action.CREDENTIAL_USE, vault=vault, now=NOW)


@pytest.mark.parametrize(("after", "holds"), [(-1, False), (0, False), (1, True)])
def test_a_grant_ends_at_its_moment(after: int, holds: bool) -> None:
    verdict = NotAfter(NOW + timedelta(microseconds=after)).judge(asked())
    assert verdict == (Holds() if holds else Fails("it has expired"))


@pytest.mark.parametrize(("vault", "holds"), [(MINE, True), (OTHER, False), (None, True)])
def test_a_grant_for_vaults_reaches_into_those_alone(vault: VaultId | None, holds: bool) -> None:
    assert isinstance(OnlyVaults(frozenset({MINE})).judge(asked(vault=vault)), Holds) == holds


def test_a_grant_for_no_vault_reaches_into_none() -> None:
    assert isinstance(OnlyVaults(frozenset()).judge(asked()), Fails)


def test_each_condition_is_listed_under_its_tag() -> None:
    assert {"not_after": NotAfter, "only_vaults": OnlyVaults} == CONDITIONS
