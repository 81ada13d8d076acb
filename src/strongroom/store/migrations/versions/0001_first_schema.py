"""The first schema: tenants, vaults, credentials, environments, sessions, the audit log, coordination."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make everything."""
    _tenants()
    _vaults()
    _sessions()
    _audit()
    _coordination()


def _tenants() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_workspaces_organization_id"),
    )
    op.create_index("ix_workspaces_organization_id", "workspaces", ["organization_id"])
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_api_keys_workspace_id"),
    )
    op.create_index("ix_api_keys_workspace_id", "api_keys", ["workspace_id"])


def _vaults() -> None:
    op.create_table(
        "vaults",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_vaults"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_vaults_workspace_id"),
    )
    op.create_index("ix_vaults_workspace_id_created_at_id", "vaults", ["workspace_id", "created_at", "id"])
    op.create_table(
        "credentials",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text()),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("networking", sa.Text(), nullable=False),
        sa.Column("surfaces", sa.Text(), nullable=False),
        sa.Column("placeholder", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("custodian", sa.Text()),
        sa.Column("receipt", sa.LargeBinary()),
        sa.Column("custody_revision", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name="fk_credentials_vault_id"),
    )
    op.create_index("ix_credentials_vault_id_created_at_id", "credentials", ["vault_id", "created_at", "id"])
    op.create_index(
        "ix_credentials_active_unique_key",
        "credentials",
        ["vault_id", "unique_key"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def _sessions() -> None:
    op.create_table(
        "environments",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_environments"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_environments_workspace_id"),
    )
    op.create_index("ix_environments_workspace_id_created_at_id", "environments", ["workspace_id", "created_at", "id"])
    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("agent_version", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("environment_id", ID, nullable=False),
        sa.Column("vaults", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_sessions_token_digest"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_sessions_workspace_id"),
    )
    op.create_index("ix_sessions_environment_id", "sessions", ["environment_id"])
    op.create_index("ix_sessions_opened_by", "sessions", ["opened_by"])
    op.create_index("ix_sessions_workspace_id_created_at_id", "sessions", ["workspace_id", "created_at", "id"])


def _audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("workspace_id", ID),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("session_id", ID),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "sequence", name="pk_audit_entries"),
    )
    op.create_index(
        "ix_audit_entries_organization_id_session_id_sequence",
        "audit_entries",
        ["organization_id", "session_id", "sequence"],
    )
    op.create_table(
        "audit_heads",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name="pk_audit_heads"),
    )
    op.create_table(
        "uses",
        sa.Column("session_id", ID, nullable=False),
        sa.Column("second", MOMENT, nullable=False, autoincrement=False),
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "second", "credential_id", "host", name="pk_uses"),
    )


def _coordination() -> None:
    op.create_table(
        "replies",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("key", name="pk_replies"),
    )
    op.create_index("ix_replies_claimed_at", "replies", ["claimed_at"])
    op.create_table(
        "sealed",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sealed"),
    )
    op.create_table(
        "changes",
        sa.Column("sequence", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("vault_id", ID),
        sa.PrimaryKeyConstraint("sequence", name="pk_changes"),
    )
    op.create_index("ix_changes_at", "changes", ["at"])
    counter = op.create_table(
        "change_counter",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change_counter"),
    )
    op.bulk_insert(counter, [{"id": 1, "sequence": 0}])
