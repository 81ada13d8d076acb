"""Agent identities at the command line: no secret is read for them, and none is shown."""

import typer

from strongroom.cli.adding import Adder, Said
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


def _check(said: Said) -> None:
    others = said.hosts or said.unrestricted or said.imitate or said.source.is_named
    if said.url is None or others or not (said.header and said.body):
        raise typer.BadParameter(
            "agent_identity belongs to one MCP server and holds no secret: give --url, and neither --host, "
            "--unrestricted, --imitate, --no-header, --no-body, --value-stdin nor --value-file",
            param_hint="--kind",
        )


def _ask(said: Said) -> Json:
    asked = {
        "mcp_server_url": said.url,
        "audience": said.audience,
        "display_name": said.title,
        "metadata": said.metadata,
    }
    return {field: value for field, value in asked.items() if value is not None}


def _store(client: Client, vault: Json, asked: Json) -> Json:
    made: Json = client.post(agent_identities_of(vault), asked, _WORDS)
    return made


AGENT_IDENTITIES = Adder(_check, _ask, _store)
