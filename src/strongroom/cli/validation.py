"""`strongroom credential validate`: asks an MCP server whether it takes a credential's token, and says what to do."""

import sys

import typer

from strongroom.cli import output
from strongroom.cli.client import Json, path
from strongroom.cli.credential import InVault, Wanted, commands
from strongroom.cli.lookups import DEFAULT_VAULT, find_credential, find_vault, place_of
from strongroom.cli.options import AsJson, connection, examples

FIELDS = {
    "credential": "credential_id",
    "status": "status",
    "server": "server",
    "refresh": "refreshed",
    "looked at": "validated_at",
}


@commands.command("validate", epilog=examples("strongroom credential validate linear"))
def validate(ctx: typer.Context, credential: Wanted, vault: InVault = DEFAULT_VAULT, as_json: AsJson = False) -> None:
    """Ask the MCP server whether it takes the token; renew it if not.

    Exit code 1 unless it does.
    """
    client = connection(ctx).client()
    place = find_vault(client, vault)
    known = find_credential(client, place, credential)
    found: Json = client.post(place_of(place, known) + path("mcp_oauth_validate"))
    output.one(found if as_json else found | _in_words(found), FIELDS, as_json=as_json)
    if found["status"] != "valid":
        if not as_json:
            print(_advice(found, known), file=sys.stderr)
        raise typer.Exit(1)


def _in_words(found: Json) -> Json:
    probe, refresh = found["mcp_probe"], found["refresh"]
    server = "answered" if probe is None else f"{probe['method']}: {_answer(probe['http_response'])}"
    refreshed = None
    if refresh is not None:
        refreshed = refresh["status"].replace("_", " ")
        if refresh["http_response"] is not None:
            refreshed += f": {_answer(refresh['http_response'])}"
    return {"server": server, "refreshed": refreshed}


def _answer(response: Json | None) -> str:
    return "no answer" if response is None else f"answered {response['status_code']}"


def _advice(found: Json, credential: Json) -> str:
    url = credential["auth"]["mcp_server_url"]
    if found["status"] == "invalid":
        return f"The server does not take the token any more: connect again with `strongroom connect {url}`."
    if found["refresh"] is not None:
        return "The token endpoint gave no token this time: try again later."
    return f"The server could not be asked: check that {url} is right and answers, then try again."
