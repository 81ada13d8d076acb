"""Credentials: core to what clients get."""

from typing import assert_never

from strongroom.core.credentials import Credential
from strongroom.core.credentials.environment_variable import EnvironmentVariableDetails
from strongroom.core.credentials.mcp_oauth import McpOAuthDetails, Refresh
from strongroom.core.credentials.static_bearer import StaticBearerDetails
from strongroom.core.fields import write_time
from strongroom.core.networking import Limited, Networking, Site, Unrestricted
from strongroom.core.surfaces import Surface
from strongroom.dialects.anthropic import wire_credential_replies as wire
from strongroom.dialects.anthropic.moments import shown

SPOKEN = frozenset({"mcp_oauth", "static_bearer", "environment_variable"})
"""The kinds that this dialect has words for; it says nothing of others."""


def from_core(credential: Credential) -> wire.Credential:
    """Return a credential as it is shown."""
    return {
        "id": credential.id,
        "type": "vault_credential",
        "vault_id": credential.vault,
        "auth": _auth(credential),
        "display_name": credential.display_name,
        "metadata": dict(credential.metadata),
        "created_at": write_time(credential.created_at),
        "updated_at": write_time(credential.updated_at),
        "archived_at": shown(credential.archived_at),
    }


def _auth(credential: Credential) -> wire.AuthShown:
    match credential.details:
        case McpOAuthDetails() as details:
            return {
                "type": "mcp_oauth",
                "mcp_server_url": details.mcp_server_url,
                "expires_at": shown(details.expires_at),
                "refresh": None if details.refresh is None else _refresh(details.refresh),
            }
        case StaticBearerDetails() as details:
            return {"type": "static_bearer", "mcp_server_url": details.mcp_server_url}
        case EnvironmentVariableDetails() as details:
            return {
                "type": "environment_variable",
                "secret_name": details.secret_name,
                "networking": _networking(credential.networking),
                "injection_location": {
                    "header": Surface.HEADER in credential.surfaces,
                    "body": Surface.BODY in credential.surfaces,
                },
            }
        case _:
            raise TypeError(f"this dialect has no words for the kind {credential.kind}")


def _refresh(refresh: Refresh) -> wire.RefreshShown:
    return {
        "client_id": refresh.client_id,
        "token_endpoint": refresh.token_endpoint,
        "token_endpoint_auth": {"type": refresh.token_endpoint_auth.value},
        "resource": refresh.resource,
        "scope": refresh.scope,
    }


def _networking(networking: Networking) -> wire.UnrestrictedNetworkingShown | wire.LimitedNetworkingShown:
    match networking:
        case Unrestricted():
            return {"type": "unrestricted"}
        case Limited(hosts):
            return {"type": "limited", "allowed_hosts": list(hosts.texts())}
        case Site(origin):
            return {"type": "limited", "allowed_hosts": [origin.host]}  # it has no words for the scheme and the port
        case _:
            assert_never(networking)
