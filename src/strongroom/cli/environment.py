"""`strongroom environment`: the network policies that sessions run under."""

from enum import StrEnum
from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.lookups import find_environment
from strongroom.cli.options import Archived, AsJson, Metadata, connection, examples, group, read_metadata

ENVIRONMENTS = path("strongroom", "v1", "environments")
FIELDS = {
    "id": "id",
    "name": "name",
    "description": "description",
    "network": "config.networking.type",
    "hosts": "config.networking.allowed_hosts",
    "MCP servers": "config.networking.allow_mcp_servers",
    "package managers": "config.networking.allow_package_managers",
    "stray placeholders": "stray_placeholders",
    "metadata": "metadata",
    "created": "created_at",
    "archived": "archived_at",
}

WORDS = {
    "name": "NAME",
    "config.networking.allowed_hosts": "--host",
    "description": "--description",
    "stray_placeholders": "--stray-placeholders",
    "metadata": "--metadata",
}


class Stray(StrEnum):
    """What happens to a request with a placeholder that does not belong there."""

    REPORT = "report"
    REFUSE = "refuse"


StrayPlaceholders = Annotated[
    Stray | None,
    typer.Option(
        "--stray-placeholders",
        help="What happens to a request with a placeholder that does not belong where it was sent: report (it goes out "
        "with the worthless literal) or refuse (403). Both raise a security event. Without it: report.",
    ),
]
commands = group(help="Network policies: which hosts a session may reach.")


@commands.command(
    "create",
    epilog=examples(
        "strongroom environment create open",
        "strongroom environment create ci --host api.github.com --host '*.example.com' --allow-package-managers",
    ),
)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    limited: Annotated[
        bool, typer.Option("--limited", help="Deny every host that is not listed; any of the options below implies it.")
    ] = False,
    hosts: Annotated[
        list[str] | None, typer.Option("--host", metavar="HOST", help="Allow a host, or '*.' and a domain. Repeatable.")
    ] = None,
    allow_mcp_servers: Annotated[
        bool, typer.Option("--allow-mcp-servers", help="Allow the MCP servers that a session's agent declares.")
    ] = False,
    allow_package_managers: Annotated[
        bool, typer.Option("--allow-package-managers", help="Allow the public package and code hosts.")
    ] = False,
    stray_placeholders: StrayPlaceholders = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")] = None,
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Make an environment.

    Every host is allowed, or with --limited only those that you list.
    """
    network: dict[str, object] = {"type": "unrestricted"}
    if limited or hosts or allow_mcp_servers or allow_package_managers:
        network = {
            "type": "limited",
            "allowed_hosts": hosts or [],
            "allow_mcp_servers": allow_mcp_servers,
            "allow_package_managers": allow_package_managers,
        }
    body: dict[str, object] = {"name": name, "config": {"type": "cloud", "networking": network}}
    body |= {"metadata": read_metadata(metadata)} | ({} if description is None else {"description": description})
    body |= {} if stray_placeholders is None else {"stray_placeholders": stray_placeholders.value}
    output.one(connection(ctx).client().post(ENVIRONMENTS, body, WORDS), FIELDS, as_json=as_json)


@commands.command("list", epilog=examples("strongroom environment list"))
def list_(ctx: typer.Context, archived: Archived = False, as_json: AsJson = False) -> None:
    """List environments, newest first."""
    environments = list(connection(ctx).client().every(ENVIRONMENTS, include_archived=archived))
    columns = {
        "ID": "id",
        "NAME": "name",
        "NETWORK": "config.networking.type",
        "HOSTS": "config.networking.allowed_hosts",
        "CREATED": "created_at",
    } | ({"ARCHIVED": "archived_at"} if archived else {})
    none = "no environments yet: `strongroom run` makes an unrestricted one named default"
    output.listing(environments, columns, as_json=as_json, none=none)


@commands.command("show", epilog=examples("strongroom environment show ci"))
def show(
    ctx: typer.Context,
    environment: Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="Its id, or its name if only one has it.")],
    as_json: AsJson = False,
) -> None:
    """Show one environment."""
    client = connection(ctx).client()
    found = client.get(ENVIRONMENTS + path(find_environment(client, environment)["id"]))
    output.one(found, FIELDS, as_json=as_json)


@commands.command(
    "update",
    epilog=examples(
        "strongroom environment update ci --stray-placeholders refuse",
        "strongroom environment update ci --host api.github.com --host '*.example.com'",
    ),
)
def update(
    ctx: typer.Context,
    environment: Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="Its id, or its name if only one has it.")],
    unrestricted: Annotated[bool, typer.Option("--unrestricted", help="Allow every host.")] = False,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Allow this host; together they replace the list. Repeatable."),
    ] = None,
    allow_mcp_servers: Annotated[
        bool | None, typer.Option("--allow-mcp-servers/--deny-mcp-servers", help="The MCP servers that agents declare.")
    ] = None,
    allow_package_managers: Annotated[
        bool | None,
        typer.Option("--allow-package-managers/--deny-package-managers", help="The public package and code hosts."),
    ] = None,
    stray_placeholders: StrayPlaceholders = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it.")] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change an environment; running sessions feel it within a second. What is not given stays as it is."""
    limits = {
        "allowed_hosts": hosts or None,
        "allow_mcp_servers": allow_mcp_servers,
        "allow_package_managers": allow_package_managers,
    }
    given = {key: value for key, value in limits.items() if value is not None}
    if unrestricted and given:
        raise typer.BadParameter("cannot go with the options of a limited network", param_hint="--unrestricted")
    asked: dict[str, object] = {
        "name": name,
        "description": description,
        "stray_placeholders": None if stray_placeholders is None else stray_placeholders.value,
    }
    body = {key: value for key, value in asked.items() if value is not None}
    if unrestricted:
        body["config"] = {"networking": {"type": "unrestricted"}}
    elif given:
        body["config"] = {"networking": {"type": "limited", **given}}
    client = connection(ctx).client()
    found = find_environment(client, environment)
    output.one(client.post(ENVIRONMENTS + path(found["id"]), body, WORDS), FIELDS, as_json=as_json)
