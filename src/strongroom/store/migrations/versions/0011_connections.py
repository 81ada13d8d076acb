"""Connections to vendors of models, and what is reached through them; organizations get a UUID."""

import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()
NAMESPACE = uuid.UUID("6f1f5a52-0b0c-5e0e-9d5b-2f8a4c1de7a3")


def upgrade() -> None:
    """Make the tables, and name the organizations that there are."""
    _name_organizations()
    op.create_table(
        "connections",
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("key_last4", sa.Text()),
        sa.Column("secret_version", sa.BigInteger(), nullable=False),
        sa.Column("role_trust", sa.Text()),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("credential_id", name="pk_connections"),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_connections_credential_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_connections_role_trust", "connections", ["role_trust"])
    op.create_index("ix_connections_workspace_id_name_key", "connections", ["workspace_id", "name_key"], unique=True)
    op.create_table(
        "providers",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("model_provider", sa.Text(), nullable=False),
        sa.Column("connection_id", ID),
        sa.Column("auth_type", sa.Text()),
        sa.Column("base_url", sa.Text()),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("enforce_health_check", sa.Boolean(), nullable=False),
        sa.Column("health_status", sa.Text(), nullable=False),
        sa.Column("health_checked_at", MOMENT),
        sa.Column("health_detail", sa.Text()),
        sa.Column("billing", sa.Text(), nullable=False),
        sa.Column("request_timeout_secs", sa.BigInteger()),
        sa.Column("stream_idle_timeout_secs", sa.BigInteger()),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_providers"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_providers_workspace_id"),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.credential_id"], name="fk_providers_connection_id"),
    )
    op.create_index("ix_providers_connection_id", "providers", ["connection_id"])
    op.create_index("ix_providers_workspace_id_name_key", "providers", ["workspace_id", "name_key"], unique=True)
    _make_mappings()
    _make_keys()


def _name_organizations() -> None:
    op.add_column("organizations", sa.Column("uuid", sa.Text(), nullable=False, server_default="none"))
    connection = op.get_bind()
    for (organization,) in connection.execute(sa.text("SELECT id FROM organizations")).all():
        named = {"id": organization, "uuid": str(uuid.uuid5(NAMESPACE, organization))}
        connection.execute(sa.text("UPDATE organizations SET uuid = :uuid WHERE id = :id"), named)
    op.create_index("ix_organizations_uuid", "organizations", ["uuid"], unique=True)


def _make_mappings() -> None:
    op.create_table(
        "model_mappings",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("model_alias", sa.Text(), nullable=False),
        sa.Column("upstream_model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bare_alias", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("request_timeout_secs", sa.BigInteger()),
        sa.Column("stream_idle_timeout_secs", sa.BigInteger()),
        sa.Column("patience", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_mappings"),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name="fk_model_mappings_provider_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_model_mappings_workspace_id", "model_mappings", ["workspace_id"])
    op.create_index(
        "ix_model_mappings_enablement",
        "model_mappings",
        ["provider_id", "upstream_model"],
        unique=True,
        sqlite_where=sa.text("kind = 'model'"),
        postgresql_where=sa.text("kind = 'model'"),
    )


def _make_keys() -> None:
    op.create_table(
        "gateway_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by_user_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("user_email", sa.Text()),
        sa.Column("group_name", sa.Text()),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("last_used_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_keys"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_gateway_keys_workspace_id"),
        sa.UniqueConstraint("digest", name="uq_gateway_keys_digest"),
    )
    op.create_index("ix_gateway_keys_workspace_id", "gateway_keys", ["workspace_id"])
