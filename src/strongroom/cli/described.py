"""Credentials as the command line shows them, whichever API described them."""

from strongroom.cli import agent_identity, logins, output
from strongroom.cli.adding import LOGINS
from strongroom.cli.client import Json

FIELDS = {
    "id": "id",
    "vault": "vault_id",
    "kind": "auth.type",
    "variable": "auth.secret_name",
    "server": "auth.mcp_server_url",
    "display name": "display_name",
    "network": "auth.networking.type",
    "hosts": "auth.networking.allowed_hosts",
    "put into": "auth.injection_location",
    "expires": "auth.expires_at",
    "metadata": "metadata",
    "created": "created_at",
    "updated": "updated_at",
    "archived": "archived_at",
}

KEYS_FIELDS = {
    "id": "id",
    "vault": "vault_id",
    "kind": "kind",
    "variables": "variables",
    "display name": "display_name",
    "hosts": "hosts",
    "metadata": "metadata",
    "created": "created_at",
    "updated": "updated_at",
    "archived": "archived_at",
}
"""What the server says of AWS keys, in its own words."""
_OURS: dict[str, dict[str, str]] = {
    "aws_keys": KEYS_FIELDS,
    "agent_identity": agent_identity.FIELDS,
    **{kind.value: logins.FIELDS for kind in LOGINS},
}

EVERYWHERE = "every host that the environment allows"
NOWHERE = "nowhere"


def show_one(credential: Json, *, as_json: bool) -> None:
    """Show a credential."""
    output.one(credential, FIELDS if "auth" in credential else _OURS[credential["kind"]], as_json=as_json)


def kind_of(credential: Json) -> str:
    """Return its kind."""
    return str(credential["auth"]["type"] if "auth" in credential else credential["kind"])


def row_of(credential: Json, vault: Json) -> Json:
    """Return it as a row of a list."""
    shown = {"name": name_of(credential), "vault": vault["display_name"], "kind": kind_of(credential)}
    return credential | shown | {"hosts": _where(credential)}


def name_of(credential: Json) -> str:
    """Return what people call it."""
    auth = credential.get("auth", {})
    return str(auth.get("secret_name") or credential["display_name"] or auth.get("mcp_server_url"))


def _where(credential: Json) -> str:
    if "mcp_server_url" in credential:
        return str(credential["mcp_server_url"])
    if "auth" not in credential:
        hosts = credential["hosts"]
        return str(credential.get("site") or (EVERYWHERE if hosts is None else " ".join(hosts) or NOWHERE))
    auth = credential["auth"]
    if "networking" not in auth:
        return str(auth.get("mcp_server_url"))
    return " ".join(auth["networking"].get("allowed_hosts", [EVERYWHERE]))
