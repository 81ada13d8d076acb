"""The tables of connections, providers, model mappings and gateway keys.

A connection is a row of `credentials` and a row here. What decides where a secret goes is under a seal (a credential's)
or a mark (a provider's); the rest is described only.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text

from strongroom.store.columns import ID, Json, Moment
from strongroom.store.tables import metadata

CONNECTION_NAME_INDEX = "ix_connections_workspace_id_name_key"
PROVIDER_NAME_INDEX = "ix_providers_workspace_id_name_key"
ENABLEMENT_INDEX = "ix_model_mappings_enablement"
"""Their names are how a violation is recognised."""

connections = Table(
    "connections",
    metadata,
    Column("credential_id", ID, ForeignKey("credentials.id", ondelete="CASCADE"), primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("key_last4", Text),
    Column("secret_version", BigInteger, nullable=False),
    Column("role_trust", Text, index=True),
    Column("attribution", Json, nullable=False),
    Index(CONNECTION_NAME_INDEX, "workspace_id", "name_key", unique=True),
)
"""`role_trust` is a role's ARN with the external id under which its account trusts us."""

providers = Table(
    "providers",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("model_provider", Text, nullable=False),
    Column("connection_id", ID, ForeignKey("connections.credential_id"), index=True),
    Column("auth_type", Text),
    Column("base_url", Text),
    Column("settings", Text, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("enforce_health_check", Boolean, nullable=False),
    Column("health_status", Text, nullable=False),
    Column("health_checked_at", Moment),
    Column("health_detail", Text),
    Column("billing", Json, nullable=False),
    Column("request_timeout_secs", BigInteger),
    Column("stream_idle_timeout_secs", BigInteger),
    Column("attribution", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index(PROVIDER_NAME_INDEX, "workspace_id", "name_key", unique=True),
)

model_mappings = Table(
    "model_mappings",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, nullable=False, index=True),
    Column("provider_id", ID, ForeignKey("providers.id", ondelete="CASCADE"), nullable=False),
    Column("model_alias", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bare_alias", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("priority", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("request_timeout_secs", BigInteger),
    Column("stream_idle_timeout_secs", BigInteger),
    Column("patience", Json, nullable=False),
    Column("attribution", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)
_ENABLES = model_mappings.c.kind == "model"
Index(
    ENABLEMENT_INDEX,
    model_mappings.c.provider_id,
    model_mappings.c.upstream_model,
    unique=True,
    sqlite_where=_ENABLES,
    postgresql_where=_ENABLES,
)

gateway_keys = Table(
    "gateway_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("organization_id", ID, nullable=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key_prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_by_user_id", Text, nullable=False),
    Column("user_id", Text),
    Column("user_email", Text),
    Column("group_name", Text),
    Column("scopes", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("disabled_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
    Column("tokens_per_day", BigInteger),
    Column("tokens_per_month", BigInteger),
)
