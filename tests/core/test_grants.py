from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.actions import (
    ALL_SCOPES,
    DEFAULT_SCOPES,
    OPERATOR_SCOPES,
    SESSION_SCOPES,
    Action,
    Scope,
)
from strongroom.core.conditions import Condition, NotAfter, OnlyVaults
from strongroom.core.grants import Denied, Granted, Principal, Target, Why, decide
from strongroom.core.ids import OrganizationId, PrincipalId, VaultId, WorkspaceId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE, ELSEWHERE = WorkspaceId("wrkspc_1"), WorkspaceId("wrkspc_2")
VAULT, OTHER_VAULT = VaultId("vlt_1"), VaultId("vlt_2")


def principal(*, scopes: frozenset[Scope] = frozenset(Scope), conditions: tuple[Condition, ...] = ()) -> Principal:
    return Principal(
        id=PrincipalId("key_1"),
        organization=OrganizationId("org_1"),
        workspace=HERE,
        scopes=scopes,
        conditions=conditions,
    )


def target(*, workspace: WorkspaceId = HERE, vault: VaultId | None = VAULT) -> Target:
    return Target(name="vcrd_1", workspace=workspace, vault=vault)


def denied(who: Principal, what: Target, action: Action = Action.CREDENTIAL_USE) -> Denied:
    answer = decide(who, action, what, NOW)
    assert isinstance(answer, Denied)
    return answer


@pytest.mark.parametrize("action", Action)
def test_a_principal_with_the_scope_is_granted_exactly_what_was_asked(action: Action) -> None:
    who = principal(scopes=frozenset({action.scope}))
    assert decide(who, action, target(), NOW) == Granted(principal=who, action=action, target=target())


@pytest.mark.parametrize("action", Action)
def test_all_other_scopes_together_do_not_replace_the_one(action: Action) -> None:
    answer = denied(principal(scopes=frozenset(Scope) - {action.scope}), target(), action)
    assert answer.why is Why.SCOPE
    assert action.scope.value in answer.sentence


def test_another_workspace_is_refused() -> None:
    assert denied(principal(), target(workspace=ELSEWHERE)).why is Why.WORKSPACE


@pytest.mark.parametrize("condition", [NotAfter(NOW), OnlyVaults(frozenset({OTHER_VAULT}))])
def test_one_condition_that_fails_refuses_with_its_reason(condition: Condition) -> None:
    holding = NotAfter(NOW + timedelta(hours=1))
    for conditions in ((condition,), (holding, condition), (condition, holding)):
        answer = denied(principal(conditions=conditions), target())
        assert answer.why is Why.CONDITION
        assert answer.sentence in {"it has expired", "its vault is not granted"}


def test_conditions_that_hold_refuse_nothing() -> None:
    who = principal(conditions=(NotAfter(NOW + timedelta(hours=1)), OnlyVaults(frozenset({VAULT}))))
    assert isinstance(decide(who, Action.CREDENTIAL_USE, target(), NOW), Granted)


@given(
    st.frozensets(st.sampled_from(Scope)),
    st.sampled_from(Action),
    st.sampled_from([HERE, ELSEWHERE]),
    st.sampled_from([None, VAULT, OTHER_VAULT]),
    st.lists(
        st.sampled_from([NotAfter(NOW), NotAfter(NOW + timedelta(1)), OnlyVaults(frozenset({VAULT}))]), max_size=3
    ),
)
def test_a_permission_needs_scope_workspace_and_every_condition(
    scopes: frozenset[Scope],
    action: Action,
    workspace: WorkspaceId,
    vault: VaultId | None,
    conditions: list[Condition],
) -> None:
    who = principal(scopes=scopes, conditions=tuple(conditions))
    answer = decide(who, action, target(workspace=workspace, vault=vault), NOW)
    may = (
        action.scope in scopes
        and workspace == HERE
        and NotAfter(NOW) not in conditions
        and (vault in {None, VAULT} or OnlyVaults(frozenset({VAULT})) not in conditions)
    )
    assert isinstance(answer, Granted) == may


def test_no_key_can_act_as_a_session_and_no_session_as_a_key() -> None:
    assert Scope.EGRESS not in ALL_SCOPES
    assert frozenset({Scope.EGRESS}) == SESSION_SCOPES


def test_a_key_made_without_a_choice_reads_neither_codes_nor_what_is_typed() -> None:
    assert frozenset({Scope.TOTP_READ}) == ALL_SCOPES - DEFAULT_SCOPES
    assert OPERATOR_SCOPES < ALL_SCOPES


def test_action_names_are_one_each() -> None:
    assert len({action.label for action in Action}) == len(Action)
