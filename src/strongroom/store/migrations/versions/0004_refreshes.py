"""How the renewal of each credential stands: who is at it, and what became of earlier tries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "refreshes",
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", MOMENT),
        sa.Column("failed", sa.BigInteger()),
        sa.Column("renewed_at", MOMENT),
        sa.Column("rejections", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential_id", name="pk_refreshes"),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_refreshes_credential_id", ondelete="CASCADE"
        ),
    )
