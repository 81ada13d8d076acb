"""What vaults are for, of which there is one in each workspace, and who keeps the material of each credential."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and an index."""
    op.add_column("vaults", sa.Column("purpose", sa.Text(), nullable=False, server_default="general"))
    op.add_column("vaults", sa.Column("home", sa.Text(), nullable=True))
    op.create_index(
        "ix_vaults_active_home",
        "vaults",
        ["workspace_id", "home"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.add_column("credentials", sa.Column("kept_with", sa.Text(), nullable=False, server_default="strongroom"))
