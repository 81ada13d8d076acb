"""Credentials whose secrets lie in others' vaults: what lies there, and what organizations have configured for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "custody_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("custodian", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_custody_items"),
    )
    op.create_index("ix_custody_items_credential_id", "custody_items", ["credential_id"])
    op.create_index("ix_custody_items_due_at", "custody_items", ["due_at"])
    op.create_table(
        "provider_settings",
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "provider", name="pk_provider_settings"),
    )
