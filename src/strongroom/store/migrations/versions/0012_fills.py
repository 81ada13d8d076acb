"""Placeholders of logins that are filled in a browser, and the tokens of the programs that fill them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "fill_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_fill_tokens"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_fill_tokens_session_id", ondelete="CASCADE"),
    )
    op.create_index("ix_fill_tokens_session_id", "fill_tokens", ["session_id"])
    op.create_table(
        "fills",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("vault_id", ID, nullable=False),
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("redeemed_at", MOMENT),
        sa.Column("step", sa.BigInteger()),
        sa.PrimaryKeyConstraint("digest", name="pk_fills"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_fills_session_id", ondelete="CASCADE"),
    )
    op.create_index("ix_fills_expires_at", "fills", ["expires_at"])
    op.create_index("ix_fills_session_id_expires_at", "fills", ["session_id", "expires_at"])
    op.create_index("ix_fills_credential_id_step", "fills", ["credential_id", "step"], unique=True)
