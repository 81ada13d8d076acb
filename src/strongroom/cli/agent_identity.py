"""Agent identities at the command line: no secret is read for them, and none is shown."""

import typer

from strongroom.cli.client import Client, Json
from strongroom.cli.lookups import agent_identities_of

FIELDS = {
    "id": "id",
    "vault": "vault_id",
    "kind": "kind",
    "server": "mcp_server_url",
    "audience": "audience",
    "issuer": "issuer",
    "display name": "display_name",
    "metadata": "metadata",
    "created": "created_at",
    "updated": "updated_at",
    "archived": "archived_at",
}
_WORDS = {
    "mcp_server_url": "--url",
    "audience": "--audience",
    "display_name": "NAME",
    "metadata": "--metadata",
}


def require_server(url: str | None, *, others: bool) -> str:
    """Return the server's URL. Ends the command where it is missing, or where others are given for secrets."""
    if url is None or others:
        raise typer.BadParameter(
            "agent_identity belongs to one MCP server and holds no secret: give --url, and neither --host, "
            "--unrestricted, --imitate, --no-header, --no-body, --value-stdin nor --value-file",
            param_hint="--kind",
        )
    return url


def add_identity(client: Client, vault: Json, asked: Json) -> Json:
    """Store one."""
    body = {field: value for field, value in asked.items() if value is not None}
    made: Json = client.post(agent_identities_of(vault), body, _WORDS)
    return made
