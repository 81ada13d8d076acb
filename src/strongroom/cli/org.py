"""`strongroom org`: separate tenants on one server."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, connection, examples, group

ORGANIZATIONS = path("strongroom", "v1", "organizations")

commands = group(help="Separate tenants on one server. Needs the operator's key.")


@commands.command("create", epilog=examples("strongroom org create acme --json"))
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    as_json: AsJson = False,
) -> None:
    """Make an organization with a first workspace and a first key.

    The key is shown this once.
    """
    made = connection(ctx).client().post(ORGANIZATIONS, {"name": name}, {"name": "NAME"})
    fields = {"organization": "organization_id", "workspace": "workspace_id", "key": "api_key"}
    output.one(made, fields, as_json=as_json)
    if not as_json:
        output.note("this key is not shown again")


@commands.command("list", epilog=examples("strongroom org list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List organizations, oldest first."""
    organizations = connection(ctx).client().get(ORGANIZATIONS)["data"]
    columns = {"ID": "id", "NAME": "name", "CREATED": "created_at"}
    output.listing(organizations, columns, as_json=as_json, none="no organizations")
