"""What clients send to create credentials, with the sentinel as every secret."""

from typing import Any

from tests.dialects.stage import SENTINEL

Body = dict[str, Any]


def variable(name: str = "TOKEN", **auth: object) -> Body:
    fields: Body = {
        "type": "environment_variable",
        "secret_name": name,
        "secret_value": SENTINEL,
        "networking": {"type": "unrestricted"},
    }
    return {"auth": fields | auth}


def limited(*hosts: object) -> Body:
    return {"type": "limited", "allowed_hosts": list(hosts)}


def bearer(url: str = "https://mcp.example.com/mcp", **auth: object) -> Body:
    return {"auth": {"type": "static_bearer", "mcp_server_url": url, "token": SENTINEL, **auth}}


def oauth(url: str = "https://mcp.example.com/mcp", **auth: object) -> Body:
    return {"auth": {"type": "mcp_oauth", "mcp_server_url": url, "access_token": SENTINEL, **auth}}


def refresh(kind: str = "client_secret_post", **fields: object) -> Body:
    client: Body = {"type": kind} if kind == "none" else {"type": kind, "client_secret": SENTINEL}
    return {
        "client_id": "client",
        "refresh_token": SENTINEL,
        "token_endpoint": "https://auth.example.com/token",
        "token_endpoint_auth": client,
        **fields,
    }


def shown(body: Body) -> Body:
    """Return the part of an answer that belongs to the kind."""
    auth: Body = body["auth"]
    return auth
