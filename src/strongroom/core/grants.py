"""The one decision: may this principal do this to that, now?

`decide` answers with a value. A `Granted` is a proof: whatever touches secret material takes one as
its first argument, and only this module makes one. `services/gate.py` records the decision before
it hands the proof out.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.actions import Action, Scope
from strongroom.core.conditions import Asked, Condition, Fails
from strongroom.core.ids import OrganizationId, PrincipalId, VaultId, WorkspaceId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The human or machine behind a principal, as an issuer of tokens has named it. `user_id` is a UUID."""

    user_id: str
    email: str | None = None
    name: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking: a key, a session through its proxy token, or a `person` with a token of an issuer."""

    id: PrincipalId
    organization: OrganizationId
    workspace: WorkspaceId
    scopes: frozenset[Scope]
    conditions: tuple[Condition, ...] = ()
    person: Person | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What it is done to. `name` is what the audit log shows; `vault` is where it lies, if in one."""

    name: str
    workspace: WorkspaceId
    vault: VaultId | None = None


class Why(StrEnum):
    """The reasons for a refusal, as the audit log shows them."""

    SCOPE = "scope"
    WORKSPACE = "workspace"
    CONDITION = "condition"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """Proof that a principal may do an action to a target."""

    principal: Principal
    action: Action
    target: Target


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A refusal, with the reason and a sentence for the caller."""

    why: Why
    sentence: str


def decide(principal: Principal, action: Action, target: Target, now: datetime) -> Granted | Denied:
    """Decide by scope, then workspace, then every condition. Nothing to allow it means no."""
    if action.scope not in principal.scopes:
        return Denied(why=Why.SCOPE, sentence=f"this needs a key with the scope {action.scope.value}")
    if target.workspace != principal.workspace:
        return Denied(why=Why.WORKSPACE, sentence="it belongs to another workspace")
    asked = Asked(action=action, vault=target.vault, now=now)
    for condition in principal.conditions:
        verdict = condition.judge(asked)
        if isinstance(verdict, Fails):
            return Denied(why=Why.CONDITION, sentence=verdict.reason)
    return Granted(principal=principal, action=action, target=target)
