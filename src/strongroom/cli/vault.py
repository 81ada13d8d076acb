"""`strongroom vault`: containers for one person's or one purpose's credentials."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.lookups import ALL_VAULTS, find_vault
from strongroom.cli.options import Archived, AsJson, Metadata, Yes, confirm, connection, examples, group, read_metadata

VAULTS = path("v1", "vaults")
FIELDS = {
    "id": "id",
    "name": "display_name",
    "purpose": "purpose",
    "metadata": "metadata",
    "created": "created_at",
    "updated": "updated_at",
    "archived": "archived_at",
}

commands = group(help="Containers for one person's or one purpose's credentials.")
Wanted = Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="The vault's id, or its name if only one has it.")]


@commands.command("create", epilog=examples("strongroom vault create 'customer 4711' --metadata plan=pro"))
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it; need not be unique.")],
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Make a vault."""
    body = {"display_name": name, "metadata": read_metadata(metadata)}
    words = {"display_name": "NAME", "metadata": "--metadata"}
    output.one(connection(ctx).client().post(VAULTS, body, words), FIELDS, as_json=as_json)


@commands.command("list", epilog=examples("strongroom vault list --archived --json"))
def list_(ctx: typer.Context, archived: Archived = False, as_json: AsJson = False) -> None:
    """List vaults, newest first."""
    vaults = list(connection(ctx).client().every(ALL_VAULTS, include_archived=archived))
    columns = {"ID": "id", "NAME": "display_name", "PURPOSE": "purpose", "CREATED": "created_at"} | (
        {"ARCHIVED": "archived_at"} if archived else {}
    )
    output.listing(vaults, columns, as_json=as_json, none="no vaults yet: `strongroom vault create NAME` makes one")


@commands.command("show", epilog=examples("strongroom vault show default"))
def show(ctx: typer.Context, vault: Wanted, as_json: AsJson = False) -> None:
    """Show one vault."""
    client = connection(ctx).client()
    found = find_vault(client, vault, archived=True)
    output.one(client.get(ALL_VAULTS + path(found["id"])), FIELDS, as_json=as_json)


@commands.command("archive", epilog=examples("strongroom vault archive 'customer 4711'"))
def archive(ctx: typer.Context, vault: Wanted, as_json: AsJson = False) -> None:
    """Archive a vault and all credentials in it.

    Their secrets are destroyed; what they were stays on record.
    """
    client = connection(ctx).client()
    found = find_vault(client, vault, archived=True)
    output.one(client.post(VAULTS + path(found["id"], "archive")), FIELDS, as_json=as_json)


@commands.command("delete", epilog=examples("strongroom vault delete 'customer 4711' --yes"))
def delete(ctx: typer.Context, vault: Wanted, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove a vault and everything in it, for good."""
    client = connection(ctx).client()
    found = find_vault(client, vault, archived=True)
    confirm(f"Delete vault {found['display_name']!r} ({found['id']}) and every credential in it?", yes=yes)
    output.one(client.delete(VAULTS + path(found["id"])), {"deleted": "id"}, as_json=as_json)
