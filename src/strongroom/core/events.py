"""What webhooks tell: that something happened, of which type, to what. Never the thing itself (contract 9.1, 9.2).

Rules kept here:
- an event holds ids, names of hosts and counts; no value, no placeholder and no error's words;
- its id follows from what it says, so one thing that happened can never become two events;
- the vendor's types are emitted as the vendor means them; ours stand in a namespace of their own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final

from strongroom.core.audit import Record
from strongroom.core.fields import write_time
from strongroom.core.ids import EVENT, EventId, OrganizationId, VaultId, WorkspaceId

STRAYED = "placeholder.strayed"
"""What the audit log calls a live placeholder that was sent where it does not belong."""

_ID_DIGITS = 32

Facts = Mapping[str, str | int | bool]


class EventType(StrEnum):
    """Every type there is."""

    VAULT_CREATED = "vault.created"
    VAULT_ARCHIVED = "vault.archived"
    VAULT_DELETED = "vault.deleted"
    CREDENTIAL_CREATED = "vault_credential.created"
    CREDENTIAL_ARCHIVED = "vault_credential.archived"
    CREDENTIAL_DELETED = "vault_credential.deleted"
    CREDENTIAL_REFRESH_FAILED = "vault_credential.refresh_failed"
    ENVIRONMENT_CREATED = "environment.created"
    ENVIRONMENT_UPDATED = "environment.updated"
    ENVIRONMENT_ARCHIVED = "environment.archived"
    ENVIRONMENT_DELETED = "environment.deleted"
    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    SESSION_ARCHIVED = "session.archived"
    SESSION_TERMINATED = "session.status_terminated"
    SESSION_DELETED = "session.deleted"
    PLACEHOLDER_STRAYED = "strongroom.placeholder.strayed"
    WEBHOOK_TEST = "strongroom.webhook.test"


CHOOSABLE = tuple(type_ for type_ in EventType if type_ is not EventType.WEBHOOK_TEST)
"""What a webhook can be registered for. A test event comes to the webhook it was asked for, whatever it chose."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to `subject`, which lies in `vault` where that is part of what is told."""

    id: EventId
    type: EventType
    at: datetime
    organization: OrganizationId
    workspace: WorkspaceId
    subject: str
    vault: VaultId | None = None
    facts: Facts = field(default_factory=dict)


def happened(  # noqa: PLR0913 - one argument per field of the event
    type_: EventType,
    subject: str,
    *,
    at: datetime,
    organization: OrganizationId,
    workspace: WorkspaceId,
    vault: VaultId | None = None,
    facts: Facts | None = None,
    origin: str = "",
) -> Event:
    """Return the event. `origin` tells apart what happened to one subject at one moment."""
    said = json.dumps([type_.value, subject, write_time(at), origin])
    return Event(
        id=EventId(EVENT + hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]),
        type=type_,
        at=at,
        organization=organization,
        workspace=workspace,
        subject=subject,
        vault=vault,
        facts=facts or {},
    )


def alert(record: Record) -> Event | None:
    """Return what webhooks are told of an audit record; None unless it is a security event.

    Its subject is the session: clients that do not know the type take it for an event of a session.
    """
    session, vault = record.facts.get("session"), record.facts.get("vault")
    if record.action != STRAYED or record.workspace is None or not isinstance(session, str):
        return None
    return happened(
        EventType.PLACEHOLDER_STRAYED,
        session,
        at=record.at,
        organization=record.organization,
        workspace=record.workspace,
        vault=VaultId(vault) if isinstance(vault, str) else None,
        facts={
            "session_id": session,
            "credential_id": record.target,
            "host": record.facts["host"],
            "surface": record.facts["surface"],
            "count": record.facts["count"],
            "refused": record.facts.get("answer") == "refused",
        },
        origin=record.id,
    )


def body(event: Event) -> bytes:
    """Return the event as it is sent (contract 9.2)."""
    told: dict[str, object] = {
        "type": event.type.value,
        "id": event.subject,
        "organization_id": event.organization,
        "workspace_id": event.workspace,
    }
    if event.vault is not None:
        told["vault_id"] = event.vault
    sent = {"type": "event", "id": event.id, "created_at": write_time(event.at), "data": told | dict(event.facts)}
    return json.dumps(sent, separators=(",", ":")).encode()
