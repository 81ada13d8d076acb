"""The tables. What a release looks like is here; how it became so is in `migrations/`.

Sessions have no foreign keys to their environment and vaults: they keep the ids of dead ones.
The audit log has none at all: it speaks of things that may be gone, and outlives them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from strongroom.store.columns import ID, Json, Moment

ACTIVE_KEY_INDEX = "ix_credentials_active_unique_key"
"""No two active credentials of a vault share a key. Its name is how a violation is recognised."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("uuid", Text, nullable=False, server_default="none"),
    Index("ix_organizations_uuid", "uuid", unique=True),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("name", Text),
    Column("hint", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

vaults = Table(
    "vaults",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("purpose", Text, nullable=False, server_default="general"),
    Column("home", Text),
    Index(None, "workspace_id", "created_at", "id"),
)
Index(
    "ix_vaults_active_home",
    vaults.c.workspace_id,
    vaults.c.home,
    unique=True,
    sqlite_where=vaults.c.archived_at.is_(None),
    postgresql_where=vaults.c.archived_at.is_(None),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("vault_id", ID, ForeignKey("vaults.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("unique_key", Text, nullable=False),
    Column("display_name", Text),
    Column("metadata", Json, nullable=False),
    Column("networking", Json, nullable=False),
    Column("surfaces", Json, nullable=False),
    Column("placeholder", Json, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("custodian", Text),
    Column("receipt", LargeBinary),
    Column("custody_revision", BigInteger),
    Column("kept_with", Text, nullable=False, server_default="strongroom"),
    Index(None, "vault_id", "created_at", "id"),
)
Index(
    ACTIVE_KEY_INDEX,
    credentials.c.vault_id,
    credentials.c.unique_key,
    unique=True,
    sqlite_where=credentials.c.archived_at.is_(None),
    postgresql_where=credentials.c.archived_at.is_(None),
)

environments = Table(
    "environments",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("config", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("stray_placeholders", Text, nullable=False, server_default="report"),
    Index(None, "workspace_id", "created_at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("agent_version", BigInteger, nullable=False),
    Column("agent", Json, nullable=False),
    Column("environment_id", ID, nullable=False, index=True),
    Column("vaults", Json, nullable=False),
    Column("title", Text),
    Column("metadata", Json, nullable=False),
    Column("opened_by", ID, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("seed", LargeBinary, nullable=False),
    Column("mcp_tools", Json, nullable=False, server_default="{}"),
    Index(None, "workspace_id", "created_at", "id"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", ID, nullable=False),
    Column("at", Moment, nullable=False),
    Column("workspace_id", ID),
    Column("principal", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("facts", Text, nullable=False),
    Column("session_id", ID),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "organization_id", "session_id", "sequence"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

uses = Table(
    "uses",
    metadata,
    Column("session_id", ID, primary_key=True),
    Column("second", Moment, primary_key=True, autoincrement=False),
    Column("credential_id", ID, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("times", BigInteger, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("session_id", ID, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
)
"""What the proxies refused to a session: a running total, so that repeating adds no rows."""

replies = Table(
    "replies",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("claimed_at", Moment, nullable=False, index=True),
    Column("sealed", LargeBinary),
)

sealed = Table(
    "sealed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("envelope", LargeBinary, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("subject_id", ID, nullable=False),
    Column("vault_id", ID),
)

change_counter = Table(
    "change_counter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
)
"""One row: the last sequence in `changes`. It is locked by each transaction that adds some, so that they
become visible in the order of their numbers, and no number is used twice after pruning."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", Moment),
    Column("disabled_at", Moment),
    Column("disabled_because", Text),
    Column("failing_since", Moment),
    Column("missed", BigInteger, nullable=False),
    Index(None, "workspace_id", "created_at", "id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook_id", ID, ForeignKey("webhooks.id"), primary_key=True),
    Column("event_id", ID, primary_key=True),
    Column("event", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_at", Moment, index=True),
    Column("status", BigInteger),
    Column("error", Text),
    Column("finished_at", Moment, index=True),
    Index(None, "webhook_id", "due_at"),
    Index(None, "webhook_id", "created_at"),
)
"""The outbox: an event for each webhook that wants it, written by the transaction that makes it happen. `due_at` is
when it is tried next, moved on by whoever claims it, and null once the delivery is finished."""

refreshes = Table(
    "refreshes",
    metadata,
    Column("credential_id", ID, ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", Text),
    Column("attempts", BigInteger, nullable=False),
    Column("not_before", Moment),
    Column("failed", BigInteger),
    Column("renewed_at", Moment),
    Column("rejections", BigInteger, nullable=False),
)
"""The lease under which a credential's tokens are renewed: `holder` is a name that each try takes anew, so that who
waits can tell one try from the next without a clock that both would have to agree on."""

authorizations = Table(
    "authorizations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("vault_id", ID, nullable=False),
    Column("opened_by", ID, nullable=False),
    Column("flow", Text, nullable=False),
    Column("mcp_server_url", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("credential_id", ID),
    Column("problem", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("state", LargeBinary, unique=True),
    Column("sealed", LargeBinary),
    Column("ask_at", Moment),
    Column("ask_every", BigInteger),
)
"""Consent that is waited for. `sealed` is what finishes it, and goes with the outcome; `state` is a digest."""

provider_namespaces = Table(
    "provider_namespaces",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("vault_id", ID, ForeignKey("vaults.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("opened_by", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
)
"""Where another product keeps its secrets here: a name, and the vault behind it."""

provider_tokens = Table(
    "provider_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("namespace", Text, nullable=False),
    Column("vault_id", ID, ForeignKey("vaults.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text),
    Column("hint", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

provider_items = Table(
    "provider_items",
    metadata,
    Column("namespace_vault_id", ID, ForeignKey("vaults.id", ondelete="CASCADE"), primary_key=True),
    Column("credential_id", ID, ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("opens_at", Moment),
    Column("closes_at", Moment),
    Column("created_at", Moment, nullable=False),
)
"""What is said of an item in a namespace: when it may be read and, where it lies in another vault, that it may."""

custody_items = Table(
    "custody_items",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("credential_id", ID, nullable=False, index=True),
    Column("custodian", Text, nullable=False),
    Column("reference", Text),
    Column("standing", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, index=True),
    Column("attempts", BigInteger, nullable=False),
    Column("problem", Text),
)
"""What lies in others' vaults, or may. No foreign key: an item outlives its credential until it is dropped."""

provider_settings = Table(
    "provider_settings",
    metadata,
    Column("organization_id", ID, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("id", ID, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("modified_at", Moment, nullable=False),
)
