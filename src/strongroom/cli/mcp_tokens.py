"""Tokens of MCP servers at the command line."""

import typer

from strongroom.cli.adding import Adder, Kind, Said
from strongroom.cli.client import Client, Json
from strongroom.cli.lookups import credentials_of
from strongroom.core.secret import Secret

WORDS = {
    "auth.mcp_server_url": "--url",
    "auth.token": "the secret",
    "auth.access_token": "the secret",
    "auth.secret_value": "the secret",
    "metadata": "--metadata",
}
_FIELDS = {
    Kind.ENVIRONMENT_VARIABLE: "secret_value",
    Kind.STATIC_BEARER: "token",
    Kind.MCP_OAUTH: "access_token",
}


def auth(kind: Kind, value: Secret) -> Json:
    """Return a secret of one of the vendor's kinds as its API takes it."""
    return {"type": kind.value, _FIELDS[kind]: value.reveal()}


def _check(said: Said) -> None:
    if said.url is None or said.hosts or said.unrestricted or said.imitate:
        raise typer.BadParameter(
            f"{said.kind.value} belongs to one MCP server: give --url, and neither --host, --unrestricted nor "
            "--imitate",
            param_hint="--kind",
        )


def _ask(said: Said) -> Json:
    value = auth(said.kind, said.source.read(said.name))
    return {
        "auth": value | {"mcp_server_url": said.url},
        "display_name": said.title,
        "metadata": said.metadata,
    }


def _store(client: Client, vault: Json, asked: Json) -> Json:
    made: Json = client.post(credentials_of(vault), asked, WORDS | {"display_name": "NAME"})
    return made


MCP_TOKENS = Adder(_check, _ask, _store)
