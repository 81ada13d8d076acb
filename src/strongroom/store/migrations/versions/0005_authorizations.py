"""Consent that is waited for while a person connects an MCP server."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "authorizations",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("mcp_server_url", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("credential_id", ID),
        sa.Column("problem", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("state", sa.LargeBinary()),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("ask_at", MOMENT),
        sa.Column("ask_every", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_authorizations"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_authorizations_workspace_id"),
        sa.UniqueConstraint("state", name="uq_authorizations_state"),
    )
    op.create_index("ix_authorizations_workspace_id", "authorizations", ["workspace_id"])
    op.create_index("ix_authorizations_expires_at", "authorizations", ["expires_at"])
