"""Connections as this wire shows them."""

from strongroom.core.fields import write_time
from strongroom.core.llm import connections as core
from strongroom.core.llm.attribution import Attribution
from strongroom.dialects.barndoor import wire_connections as wire


def from_core(connection: core.Connection, org_id: str) -> wire.Connection:
    """Return a connection's JSON. `secret_path` is a name and opens nothing."""
    upstream, credential = connection.upstream, connection.credential
    return {
        "id": connection.id,
        "org_id": org_id,
        "name": connection.name,
        "model_provider": upstream.model_provider,
        "auth_type": upstream.auth_type,
        "base_url": upstream.base_url,
        "settings": upstream.settings,
        "secret_path": f"orgs/{org_id}/connections/{connection.id}",
        "stores_key_material": connection.scheme.keeps_material,
        "key_last4": connection.key_last4,
        "created_at": write_time(credential.created_at),
        "updated_at": write_time(credential.updated_at),
        **attributed(connection.attribution),
    }


def attributed(attribution: Attribution) -> wire.Attributed:
    """Return who made and who last changed a thing."""
    by = attribution.modified_by
    return {
        "created_by_user_id": attribution.created_by.user_id,
        "created_by_email": attribution.created_by.email,
        "created_by_name": attribution.created_by.name,
        "last_modified_at": None if attribution.modified_at is None else write_time(attribution.modified_at),
        "last_modified_by_user_id": None if by is None else by.user_id,
        "last_modified_by_email": None if by is None else by.email,
        "last_modified_by_name": None if by is None else by.name,
        "last_change_note": attribution.note,
    }
