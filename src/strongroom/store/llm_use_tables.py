"""The tables of requests to models: each for a while, and their sums by day.

They have no foreign keys: what they speak of may be gone, and what was used stays used.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text

from strongroom.store.columns import ID, Json, Moment
from strongroom.store.tables import metadata

llm_uses = Table(
    "llm_uses",
    metadata,
    Column("workspace_id", ID, primary_key=True),
    Column("created_at", Moment, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("key_id", ID, nullable=False),
    Column("user_id", Text),
    Column("group_name", Text),
    Column("operation", Text, nullable=False),
    Column("requested_model", Text),
    Column("provider_id", ID),
    Column("connection_id", ID),
    Column("secret_version", BigInteger),
    Column("upstream_model", Text),
    Column("attempts", Json, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("code", Text),
    Column("ttfb_ms", BigInteger),
    Column("total_ms", BigInteger, nullable=False),
    Column("is_stream", Boolean, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("input", BigInteger),
    Column("output", BigInteger),
    Column("cached", BigInteger),
    Column("cache_write", BigInteger),
    Column("bytes_in", BigInteger, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    Column("finish", Text, nullable=False),
    Index("ix_llm_uses_created_at", "created_at"),
)

llm_days = Table(
    "llm_days",
    metadata,
    Column("workspace_id", ID, primary_key=True),
    Column("day", Moment, primary_key=True),
    Column("key_id", ID, primary_key=True),
    Column("model", ID, primary_key=True),
    Column("connection_id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("untold", BigInteger, nullable=False),
    Column("input", BigInteger, nullable=False),
    Column("output", BigInteger, nullable=False),
    Column("cached", BigInteger, nullable=False),
    Column("cache_write", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Index("ix_llm_days_key_id_day", "key_id", "day"),
)
