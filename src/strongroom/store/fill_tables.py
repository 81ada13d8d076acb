"""The tables of logins that are filled in browsers."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from strongroom.store.columns import ID, Moment
from strongroom.store.tables import metadata

fill_tokens = Table(
    "fill_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("workspace_id", ID, nullable=False),
    Column("session_id", ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
)

fills = Table(
    "fills",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("vault_id", ID, nullable=False),
    Column("credential_id", ID, nullable=False),
    Column("field", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("redeemed_at", Moment),
    Column("step", BigInteger),
    Index(None, "session_id", "expires_at"),
    Index(None, "credential_id", "step", unique=True),
)
"""Placeholders for one field on one site, by the digest of their text. `step` numbers the one-time code that came of
one: of a credential each comes once, whoever asks."""
