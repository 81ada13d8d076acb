"""What is kept beside logins, their folders, and codes that were pushed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "folders",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_folders_workspace_id"),
    )
    op.create_index("ix_folders_workspace_id_modified_at_id", "folders", ["workspace_id", "modified_at", "id"])
    op.create_table(
        "logins",
        sa.Column("credential_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("folder_id", ID),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("tested_url", sa.Text()),
        sa.Column("user_context", sa.Text()),
        sa.Column("save_browser_session", sa.Boolean(), nullable=False),
        sa.Column("auto_profile_disabled", sa.Boolean(), nullable=False),
        sa.Column("pin_saved_session_ip", sa.Boolean(), nullable=False),
        sa.Column("proxy_location", sa.Text(), nullable=False),
        sa.Column("proxy_session", sa.Text()),
        sa.PrimaryKeyConstraint("credential_id", name="pk_logins"),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_logins_credential_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name="fk_logins_folder_id", ondelete="SET NULL"),
    )
    op.create_index("ix_logins_folder_id", "logins", ["folder_id"])
    op.create_index(
        "ix_logins_workspace_id_created_at_credential_id", "logins", ["workspace_id", "created_at", "credential_id"]
    )
    op.create_table(
        "pushed_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("compared", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("code", sa.LargeBinary()),
        sa.Column("kind", sa.Text()),
        sa.Column("task_id", sa.Text()),
        sa.Column("workflow_id", sa.Text()),
        sa.Column("workflow_run_id", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("expired_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pushed_codes"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_pushed_codes_workspace_id"),
    )
    op.create_index("ix_pushed_codes_created_at", "pushed_codes", ["created_at"])
    op.create_index("ix_pushed_codes_workspace_id_created_at_id", "pushed_codes", ["workspace_id", "created_at", "id"])
