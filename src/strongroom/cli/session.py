"""`strongroom session`: what an agent runs under; `strongroom run` opens and ends one by itself."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import Client, Json, path
from strongroom.cli.options import (
    AsJson,
    Metadata,
    connection,
    examples,
    group,
    read_metadata,
    read_seconds,
    read_tools,
)
from strongroom.cli.wording import Words

SESSIONS = path("strongroom", "v1", "sessions")
FIELDS = {
    "id": "id",
    "title": "title",
    "status": "status",
    "vaults": "vault_ids",
    "environment": "environment_id",
    "created": "created_at",
    "expires": "expires_at",
    "ended": "archived_at",
    "tools": "mcp_tools",
}

WORDS = {
    "vaults": "--vault",
    "environment": "--environment",
    "title": "--title",
    "expires_in": "--expires-in (in seconds)",
    "metadata": "--metadata",
    "mcp_tools": "--allow-tool",
}

commands = group(help="What an agent runs under: vaults, network, how long.")
Vaults = Annotated[
    list[str] | None,
    typer.Option(
        "--vault",
        metavar="ID_OR_NAME",
        help="A vault whose credentials it may use; the first that has a name wins. Repeatable. Without it: the vault "
        "`default`, or the only one.",
    ),
]
Environment = Annotated[
    str | None,
    typer.Option("--environment", metavar="ID_OR_NAME", help="Its network policy; without it, the one named default."),
]


def open_session(
    client: Client,
    *,
    vaults: list[str] | None,
    environment: str | None,
    title: str | None,
    expires_in: int | None = None,
    metadata: dict[str, str] | None = None,
    tools: dict[str, list[str]] | None = None,
    words: Words = WORDS,
) -> Json:
    """Open a session; its `egress` is shown this once."""
    asked = {
        "vaults": vaults or None,
        "environment": environment,
        "title": title,
        "expires_in": expires_in,
        "metadata": metadata or None,
        "mcp_tools": tools or None,
    }
    body = {field: value for field, value in asked.items() if value is not None}
    opened: Json = client.post(SESSIONS, body, words)
    return opened


def end_session(client: Client, session: str) -> Json:
    """End a session."""
    ended: Json = client.post(SESSIONS + path(session, "end"))
    return ended


@commands.command(
    "create",
    epilog=examples(
        "strongroom session create --vault default --expires-in 8h --json",
        'eval "$(strongroom session create --shell)"',
        "strongroom session create --allow-tool https://tools.example.com/mcp=search",
    ),
)
def create(
    ctx: typer.Context,
    vaults: Vaults = None,
    environment: Environment = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What to call it.")] = None,
    expires_in: Annotated[
        str | None, typer.Option("--expires-in", metavar="DURATION", help="When it ends by itself: 30m, 8h, 7d.")
    ] = None,
    metadata: Metadata = None,
    allow_tools: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-tool",
            metavar="SERVER=TOOL",
            help="Let it use only this tool of an MCP server, by URL or credential id. Repeatable; SERVER= for none.",
        ),
    ] = None,
    shell: Annotated[bool, typer.Option("--shell", help="Print only `export` lines, for a shell to evaluate.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open a session and show what its agent needs.

    That is: proxy, variables, certificate. The token is shown this once.
    """
    if shell and as_json:
        raise typer.BadParameter("use one of --shell and --json", param_hint="--shell")
    seconds, notes, tools = read_seconds(expires_in), read_metadata(metadata), read_tools(allow_tools)
    client = connection(ctx).client()
    opened = open_session(
        client, vaults=vaults, environment=environment, title=title, expires_in=seconds, metadata=notes, tools=tools
    )
    if shell:
        _print_exports(opened["egress"]["env"])
        output.note(f"session {opened['id']}, until {opened['expires_at']}")
        return
    output.one(opened, FIELDS | {"proxy": "egress.proxy_url"}, as_json=as_json)
    if not as_json:
        _print_servers(opened["egress"]["mcp_servers"])
        print()
        _print_exports(opened["egress"]["env"])


@commands.command("list", epilog=examples("strongroom session list", "strongroom session list --archived"))
def list_(
    ctx: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Show ended ones as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List sessions, newest first."""
    sessions = list(connection(ctx).client().every(SESSIONS, include_archived=archived))
    columns = {"ID": "id", "TITLE": "title", "STATUS": "status", "CREATED": "created_at", "EXPIRES": "expires_at"}
    output.listing(sessions, columns, as_json=as_json, none="no sessions: `strongroom run -- COMMAND` opens one")


@commands.command("show", epilog=examples("strongroom session show sesn_01…"))
def show(
    ctx: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
    as_json: AsJson = False,
) -> None:
    """Show a session with its MCP servers, uses and refusals.

    That is: where it finds which MCP server, how often it used which credential where, and what it was refused.
    """
    found = connection(ctx).client().get(SESSIONS + path(session))
    output.one(found, FIELDS, as_json=as_json)
    if not as_json:
        _print_servers(found["mcp_servers"])
    if not as_json and found["uses"]:
        print()
        output.table(
            ("CREDENTIAL", "HOST", "USES", "LAST"),
            ([use["credential_id"], use["host"], str(use["count"]), use["last_used_at"]] for use in found["uses"]),
        )
    if not as_json and found["refusals"]:
        print()
        output.table(
            ("REFUSED", "HOST", "TIMES", "LAST"),
            ([row["code"], row["host"] or "-", str(row["count"]), row["last_at"]] for row in found["refusals"]),
        )


@commands.command("end", epilog=examples("strongroom session end sesn_01…"))
def end(
    ctx: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
    as_json: AsJson = False,
) -> None:
    """End a session.

    Its proxy token and its placeholders are worthless within a second.
    """
    output.one(end_session(connection(ctx).client(), session), FIELDS, as_json=as_json)


@commands.command("fill-token", epilog=examples("strongroom session fill-token sesn_01… --json"))
def fill_token(
    ctx: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help="The session's id.")],
    as_json: AsJson = False,
) -> None:
    """Mint a token for what drives its browser.

    With it logins are filled (docs/browser-agents.md), so it is not for the agent itself. It is shown this once.
    """
    made = connection(ctx).client().post(SESSIONS + path(session, "fill", "tokens"))
    output.one(made, {"session": "session_id", "token": "token", "expires": "expires_at"}, as_json=as_json)


def _print_servers(servers: list[dict[str, str | None]]) -> None:
    """Tell where the session's MCP servers are; they take the session's token as a bearer."""
    if servers:
        print()
        output.table(
            ("MCP SERVER", "URL FOR THE AGENT", "IS", "CREDENTIAL"),
            (
                [str(row["name"]), str(row["url"]), str(row["mcp_server_url"]), row["credential_id"] or "-"]
                for row in servers
            ),
        )


def _print_exports(variables: dict[str, str]) -> None:
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    bundle = variables.get("SSL_CERT_FILE")
    if bundle and not Path(bundle).exists():
        output.note(
            f"{bundle} is on the server's machine: use `strongroom run`, or put `egress.ca_certificate` in a file"
        )
