"""Of which MCP servers a session may use which tools only."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column."""
    op.add_column("sessions", sa.Column("mcp_tools", sa.Text(), nullable=False, server_default="{}"))
