"""`strongroom key`: API keys, each with the scopes that it needs and no more."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, connection, examples, group

KEYS = path("strongroom", "v1", "keys")
FIELDS = {"id": "id", "key": "key", "name": "name", "scopes": "scopes", "workspace": "workspace_id"}

commands = group(help="API keys, each with the scopes that it needs and no more.")


@commands.command(
    "create",
    epilog=examples(
        "strongroom key create --name ci --scope sessions:write --scope vaults:read",
        "strongroom key create --name backend --json",
    ),
)
def create(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call it.")] = None,
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="What it may do, such as vaults:read or sessions:write. Repeatable. Without it: all that the "
            "key which makes it may do, but totp:read.",
        ),
    ] = None,
    workspace: Annotated[
        str | None, typer.Option("--workspace", metavar="ID", help="The workspace it is bound to; yours unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once and kept nowhere."""
    asked = {"name": name, "scopes": scopes or None, "workspace_id": workspace}
    body = {field: value for field, value in asked.items() if value is not None}
    words = {"name": "--name", "scopes": "--scope", "workspace_id": "--workspace"}
    made = connection(ctx).client().post(KEYS, body, words)
    output.one(made, FIELDS, as_json=as_json)
    if not as_json:
        output.note("this key is not shown again")


@commands.command("list", epilog=examples("strongroom key list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the workspace's keys, newest first.

    Of each key only how it begins and ends.
    """
    keys = connection(ctx).client().get(KEYS)["data"]
    columns = {
        "ID": "id",
        "NAME": "name",
        "KEY": "hint",
        "SCOPES": "scopes",
        "CREATED": "created_at",
        "REVOKED": "revoked_at",
    }
    output.listing(keys, columns, as_json=as_json, none="no keys")


@commands.command("revoke", epilog=examples("strongroom key revoke key_01…"))
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `strongroom key list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a key and end the sessions it opened, within a second."""
    revoked = connection(ctx).client().post(KEYS + path(key, "revoke"))
    output.one(revoked, {"id": "id", "name": "name", "revoked": "revoked_at"}, as_json=as_json)
