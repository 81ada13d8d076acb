"""The tables of what is kept beside logins, of their folders, and of codes that were pushed."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text

from strongroom.store.columns import ID, Json, Moment
from strongroom.store.tables import metadata

folders = Table(
    "folders",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("search", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("modified_at", Moment, nullable=False),
    Index(None, "workspace_id", "modified_at", "id"),
)

logins = Table(
    "logins",
    metadata,
    Column("credential_id", ID, ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", ID, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("folder_id", ID, ForeignKey("folders.id", ondelete="SET NULL"), index=True),
    Column("search", Text, nullable=False),
    Column("tested_url", Text),
    Column("user_context", Text),
    Column("save_browser_session", Boolean, nullable=False),
    Column("auto_profile_disabled", Boolean, nullable=False),
    Column("pin_saved_session_ip", Boolean, nullable=False),
    Column("proxy_location", Json, nullable=False),
    Column("proxy_session", Text),
    Index(None, "workspace_id", "created_at", "credential_id"),
)
"""One row for each credential in a vault of logins. `created_at` is the credential's, for the order of lists."""

pushed_codes = Table(
    "pushed_codes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("identifier", Text, nullable=False),
    Column("compared", Text, nullable=False),
    Column("content", LargeBinary),
    Column("code", LargeBinary),
    Column("kind", Text),
    Column("task_id", Text),
    Column("workflow_id", Text),
    Column("workflow_run_id", Text),
    Column("source", Text),
    Column("expired_at", Moment),
    Column("created_at", Moment, nullable=False, index=True),
    Index(None, "workspace_id", "created_at", "id"),
)
"""`content` and `code` are envelopes."""
