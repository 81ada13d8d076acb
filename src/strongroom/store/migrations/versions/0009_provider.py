"""Namespaces in which another product keeps its secrets here, their tokens, and what is said of their items."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "provider_namespaces",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", name="pk_provider_namespaces"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_provider_namespaces_workspace_id"),
        sa.ForeignKeyConstraint(
            ["vault_id"], ["vaults.id"], name="fk_provider_namespaces_vault_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_provider_namespaces_vault_id", "provider_namespaces", ["vault_id"])
    op.create_table(
        "provider_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_provider_tokens"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_provider_tokens_workspace_id"),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name="fk_provider_tokens_vault_id", ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name="uq_provider_tokens_digest"),
    )
    op.create_index("ix_provider_tokens_workspace_id", "provider_tokens", ["workspace_id"])
    op.create_index("ix_provider_tokens_vault_id", "provider_tokens", ["vault_id"])
    op.create_table(
        "provider_items",
        sa.Column("namespace_vault_id", ID, nullable=False),
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("opens_at", MOMENT),
        sa.Column("closes_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("namespace_vault_id", "credential_id", name="pk_provider_items"),
        sa.ForeignKeyConstraint(
            ["namespace_vault_id"], ["vaults.id"], name="fk_provider_items_namespace_vault_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_provider_items_credential_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_provider_items_credential_id", "provider_items", ["credential_id"])
