"""Requests to models, their sums by day, and the limits of gateway keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the tables, and room for limits."""
    op.add_column("gateway_keys", sa.Column("tokens_per_day", sa.BigInteger()))
    op.add_column("gateway_keys", sa.Column("tokens_per_month", sa.BigInteger()))
    op.create_table(
        "llm_uses",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("user_id", sa.Text()),
        sa.Column("group_name", sa.Text()),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("requested_model", sa.Text()),
        sa.Column("provider_id", ID),
        sa.Column("connection_id", ID),
        sa.Column("secret_version", sa.BigInteger()),
        sa.Column("upstream_model", sa.Text()),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("ttfb_ms", sa.BigInteger()),
        sa.Column("total_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_stream", sa.Boolean(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("input", sa.BigInteger()),
        sa.Column("output", sa.BigInteger()),
        sa.Column("cached", sa.BigInteger()),
        sa.Column("cache_write", sa.BigInteger()),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "created_at", "id", name="pk_llm_uses"),
    )
    op.create_index("ix_llm_uses_created_at", "llm_uses", ["created_at"])
    op.create_table(
        "llm_days",
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("day", MOMENT, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("model", ID, nullable=False),
        sa.Column("connection_id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("untold", sa.BigInteger(), nullable=False),
        sa.Column("input", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.BigInteger(), nullable=False),
        sa.Column("cached", sa.BigInteger(), nullable=False),
        sa.Column("cache_write", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "key_id", "model", "connection_id", name="pk_llm_days"),
    )
    op.create_index("ix_llm_days_key_id_day", "llm_days", ["key_id", "day"])
