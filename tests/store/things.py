"""Things to store, each with an id of its own, at moments that the test chooses."""
# ruff: noqa: ANN401 - fields of whatever type the thing has

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, final

from strongroom.core.actions import Scope
from strongroom.core.audit import Outcome, Record
from strongroom.core.credentials import Credential, Details
from strongroom.core.credentials.environment_variable import EnvironmentVariableDetails
from strongroom.core.environments import NO_PACKAGES, CloudConfig, Environment
from strongroom.core.ids import (
    CredentialId,
    EntryId,
    EnvironmentId,
    KeyId,
    OrganizationId,
    SessionId,
    VaultId,
    WebhookId,
    WorkspaceId,
)
from strongroom.core.networking import Unrestricted
from strongroom.core.sessions import Agent, Session
from strongroom.core.surfaces import Surface
from strongroom.core.tenants import ApiKey, Organization, Workspace
from strongroom.core.vaults import Vault
from strongroom.core.webhooks import Webhook
from strongroom.services.ports import Custody, Store

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
_NUMBERS = count(1)


def at(seconds: float = 0) -> datetime:
    return START + timedelta(seconds=seconds)


def fresh(prefix: str) -> str:
    """Return an id that sorts after all before it."""
    return f"{prefix}{next(_NUMBERS):08d}"


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def receipt(text: str = "sealed") -> Custody:
    return Custody("envelope", text.encode(), 1)


@final
@dataclass(frozen=True, kw_only=True)
class Home:
    """A workspace of its own, and makers of the things that belong there."""

    organization: OrganizationId = field(default_factory=lambda: OrganizationId(fresh("org_")))
    workspace: WorkspaceId = field(default_factory=lambda: WorkspaceId(fresh("wrkspc_")))

    async def settle(self, store: Store) -> "Home":
        await store.tenants.add_organization(
            Organization(id=self.organization, name="Example", created_at=START),
            Workspace(id=self.workspace, organization=self.organization, name="main", created_at=START),
        )
        return self

    def key(self, **changes: Any) -> ApiKey:
        known: dict[str, Any] = {
            "id": KeyId(fresh("key_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "name": None,
            "hint": "sk-…abcd",
            "scopes": frozenset({Scope.VAULTS_READ, Scope.AUDIT_READ}),
            "created_at": START,
        }
        return ApiKey(**known | changes)

    def vault(self, **changes: Any) -> Vault:
        known: dict[str, Any] = {
            "id": VaultId(fresh("vlt_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "display_name": "Ada's vault",
            "metadata": {"user": "ada", "näme": "ü"},
            "created_at": START,
            "updated_at": START,
        }
        return Vault(**known | changes)

    def credential(self, vault: VaultId, details: Details | None = None, **changes: Any) -> Credential:
        known: dict[str, Any] = {
            "id": CredentialId(fresh("vcrd_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "vault": vault,
            "details": details or EnvironmentVariableDetails(secret_name=fresh("TOKEN_")),
            "display_name": None,
            "metadata": {},
            "networking": Unrestricted(),
            "surfaces": frozenset({Surface.HEADER, Surface.BODY}),
            "created_at": START,
            "updated_at": START,
        }
        return Credential(**known | changes)

    def environment(self, **changes: Any) -> Environment:
        known: dict[str, Any] = {
            "id": EnvironmentId(fresh("env_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "name": "default",
            "description": None,
            "config": CloudConfig(packages=NO_PACKAGES),
            "metadata": {},
            "created_at": START,
            "updated_at": START,
        }
        return Environment(**known | changes)

    def session(self, **changes: Any) -> Session:
        known: dict[str, Any] = {
            "id": SessionId(fresh("sesn_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "agent": Agent(id="agent_1"),
            "environment": EnvironmentId("env_none"),
            "vaults": (),
            "title": None,
            "metadata": {},
            "opened_by": KeyId("key_none"),
            "created_at": START,
            "updated_at": START,
            "expires_at": at(3600),
        }
        return Session(**known | changes)

    def record(self, **changes: Any) -> Record:
        known: dict[str, Any] = {
            "id": EntryId(fresh("aud_")),
            "at": START,
            "organization": self.organization,
            "workspace": self.workspace,
            "principal": "key_1",
            "action": "vault.read",
            "target": "vlt_1",
            "outcome": Outcome.ALLOWED,
        }
        return Record(**known | changes)

    def webhook(self, **changes: Any) -> Webhook:
        known: dict[str, Any] = {
            "id": WebhookId(fresh("whk_")),
            "organization": self.organization,
            "workspace": self.workspace,
            "url": "https://hooks.example.com/",
            "events": None,
            "created_at": START,
            "updated_at": START,
        }
        return Webhook(**known | changes)

    async def stored_webhook(self, store: Store, **changes: Any) -> Webhook:
        webhook = self.webhook(**changes)
        await store.webhooks.add(webhook, b"sealed")
        return webhook

    async def stored_vault(self, store: Store, **changes: Any) -> Vault:
        vault = self.vault(**changes)
        await store.vaults.add(vault)
        return vault

    async def stored_credential(self, store: Store, vault: VaultId, **changes: Any) -> Credential:
        credential = self.credential(vault, **changes)
        await store.credentials.add(credential, receipt())
        return credential

    async def stored_session(self, store: Store, **changes: Any) -> Session:
        if "environment" not in changes:
            environment = self.environment()
            await store.environments.add(environment)
            changes["environment"] = environment.id
        session = self.session(**changes)
        await store.sessions.add(session, token_digest=digest(session.id), seed=b"sealed seed")
        return session


def ids(rows: Sequence[Any]) -> list[str]:
    return [row.id for row in rows]
