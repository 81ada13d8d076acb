"""Webhooks and their outbox; keys that could do everything can do this too."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MOMENT = sa.BigInteger()
EVERYTHING = {
    "audit:read",
    "credentials:read",
    "credentials:write",
    "environments:read",
    "environments:write",
    "keys:read",
    "keys:write",
    "sessions:read",
    "sessions:write",
    "vaults:read",
    "vaults:write",
}
ADDED = {"webhooks:read", "webhooks:write"}


def upgrade() -> None:
    """Make two tables, and let full keys stay full."""
    op.create_table(
        "webhooks",
        sa.Column("id", ID, nullable=False),
        sa.Column("organization_id", ID, nullable=False),
        sa.Column("workspace_id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_until", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("disabled_because", sa.Text()),
        sa.Column("failing_since", MOMENT),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_webhooks_workspace_id"),
    )
    op.create_index("ix_webhooks_workspace_id_created_at_id", "webhooks", ["workspace_id", "created_at", "id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("status", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id"),
    )
    op.create_index("ix_webhook_deliveries_due_at", "webhook_deliveries", ["due_at"])
    op.create_index("ix_webhook_deliveries_finished_at", "webhook_deliveries", ["finished_at"])
    op.create_index("ix_webhook_deliveries_webhook_id_due_at", "webhook_deliveries", ["webhook_id", "due_at"])
    op.create_index("ix_webhook_deliveries_webhook_id_created_at", "webhook_deliveries", ["webhook_id", "created_at"])
    _widen_full_keys()


def _widen_full_keys() -> None:
    keys = sa.table("api_keys", sa.column("id", sa.Text()), sa.column("scopes", sa.Text()))
    connection = op.get_bind()
    for id_, written in connection.execute(sa.select(keys.c.id, keys.c.scopes)).all():
        scopes = set(json.loads(written))
        if scopes >= EVERYTHING:
            widened = json.dumps(sorted(scopes | ADDED), separators=(",", ":"))
            connection.execute(keys.update().where(keys.c.id == id_).values(scopes=widened))
