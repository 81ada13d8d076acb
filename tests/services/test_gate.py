from dataclasses import replace
from datetime import timedelta

import pytest

from strongroom.core.actions import Action, Scope
from strongroom.core.audit import Outcome, verify
from strongroom.core.conditions import NotAfter
from strongroom.core.failures import NotPermitted, Unavailable
from strongroom.core.grants import Target
from strongroom.core.ids import WorkspaceId
from tests.services.rooms import Rooms, variable


async def test_an_allowed_decision_is_recorded_before_it_is_handed_out(rooms: Rooms) -> None:
    target = Target(name="vlt_1", workspace=rooms.admin.workspace)
    granted = await rooms.gate.admit(rooms.admin, Action.VAULT_READ, target)
    last = (await rooms.entries())[-1].record
    assert (granted.action, last.action) == (Action.VAULT_READ, "vault.read")
    assert (last.principal, last.target, last.outcome) == (rooms.admin.id, "vlt_1", Outcome.ALLOWED)
    assert last.at == rooms.clock()


async def test_a_refusal_is_recorded_with_its_reason(rooms: Rooms) -> None:
    reader = replace(rooms.admin, scopes=frozenset({Scope.VAULTS_READ}))
    with pytest.raises(NotPermitted, match="vaults:write"):
        await rooms.vaults.create(reader, display_name="v", metadata={})
    last = (await rooms.entries())[-1].record
    assert (last.action, last.outcome, last.reason) == ("vault.create", Outcome.DENIED, "scope")


async def test_another_workspaces_target_is_refused(rooms: Rooms) -> None:
    target = Target(name="vlt_1", workspace=WorkspaceId("wrkspc_other"))
    with pytest.raises(NotPermitted):
        await rooms.gate.admit(rooms.admin, Action.VAULT_READ, target)


async def test_a_condition_that_fails_refuses(rooms: Rooms) -> None:
    expired = replace(rooms.admin, conditions=(NotAfter(rooms.clock() - timedelta(seconds=1)),))
    with pytest.raises(NotPermitted, match="expired"):
        await rooms.vaults.create(expired, display_name="v", metadata={})


async def test_one_refusal_among_several_refuses_all_and_records_each(rooms: Rooms) -> None:
    mine = Target(name="one", workspace=rooms.admin.workspace)
    theirs = Target(name="two", workspace=WorkspaceId("wrkspc_other"))
    with pytest.raises(NotPermitted):
        await rooms.gate.admit_all(rooms.admin, [(Action.VAULT_READ, mine), (Action.VAULT_READ, theirs)])
    assert [entry.record.outcome for entry in (await rooms.entries())[-2:]] == [Outcome.ALLOWED, Outcome.DENIED]


async def test_nothing_is_done_while_the_audit_log_cannot_be_written(rooms: Rooms) -> None:
    vault = await rooms.vault()
    rooms.log.off = True
    with pytest.raises(Unavailable):
        await rooms.credentials.create(rooms.admin, vault, variable())
    with pytest.raises(Unavailable):
        await rooms.vaults.delete(rooms.admin, vault)
    rooms.log.off = False
    assert await rooms.store.credentials.active_in(rooms.admin.workspace, [vault]) == []
    assert (await rooms.vaults.get(rooms.admin, vault)).id == vault


async def test_the_chain_of_all_that_was_recorded_is_intact(rooms: Rooms) -> None:
    await rooms.credentials.create(rooms.admin, await rooms.vault(), variable())
    entries = await rooms.entries()
    head = await rooms.store.audit.head(rooms.admin.organization)
    assert len(entries) >= 2
    assert verify(entries, head).entries == len(entries)
