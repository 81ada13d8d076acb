"""`strongroom credential`: secrets go in here; what comes out describes them."""

from enum import StrEnum
from typing import Annotated, assert_never

import typer

from strongroom.cli import agent_identity, output
from strongroom.cli.aws_keys import read_keys
from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint
from strongroom.cli.lookups import (
    DEFAULT_VAULT,
    agent_identities_of,
    aws_keys_of,
    credentials_of,
    find_credential,
    find_vault,
    place_of,
    vault_to_add_to,
)
from strongroom.cli.options import Archived, AsJson, Metadata, Yes, confirm, connection, examples, group, read_metadata
from strongroom.cli.values import FromEnv, FromFile, FromNetrc, FromStdin, read_value
from strongroom.core.secret import Secret


class Kind(StrEnum):
    """The kinds that the command line can store."""

    ENVIRONMENT_VARIABLE = "environment_variable"
    STATIC_BEARER = "static_bearer"
    MCP_OAUTH = "mcp_oauth"
    AWS_KEYS = "aws_keys"
    AGENT_IDENTITY = "agent_identity"


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

EVERYWHERE = "every host that the environment allows"
VALUE = "the secret"
VARIABLE_WORDS = {
    "name": "NAME",
    "value": VALUE,
    "hosts": "--host",
    "surfaces": "--header and --body",
    "placeholder": "--imitate",
    "display_name": "--display-name",
    "metadata": "--metadata",
}
KEYS_WORDS = {
    "access_key_id": "the access key id",
    "secret_access_key": VALUE,
    "session_token": "the session token",
    "hosts": "--host",
    "display_name": "NAME",
    "metadata": "--metadata",
}
MCP_WORDS = {
    "auth.mcp_server_url": "--url",
    "auth.token": VALUE,
    "auth.access_token": VALUE,
    "auth.secret_value": VALUE,
    "metadata": "--metadata",
}

commands = group(help="Secrets: stored once, never shown again. Commands show what they are and where they may go.")
InVault = Annotated[str, typer.Option("--vault", metavar="ID_OR_NAME", help="The vault it lies in.")]
KeyId = Annotated[
    str | None, typer.Option("--access-key-id", metavar="ID", help="For aws_keys, where only the secret key is read.")
]
Wanted = Annotated[str, typer.Argument(metavar="ID_OR_NAME", help="The credential's id, or its name within the vault.")]


@commands.command(
    "add",
    epilog=examples(
        "strongroom credential add GITHUB_TOKEN --host api.github.com",
        "gh auth token | strongroom credential add GITHUB_TOKEN --host api.github.com --value-stdin",
        "strongroom credential add NPM_TOKEN --host npm.example.com --from-env NPM_TOKEN",
        "strongroom credential add GIT_PASSWORD --host git.example.com --from-netrc git.example.com",
        "aws configure export-credentials | strongroom credential add aws --kind aws_keys --host '*.amazonaws.com' "
        "--value-stdin",
        "strongroom credential add linear --kind static_bearer --url https://mcp.linear.app/mcp --value-file token.txt",
        "strongroom credential add tools --kind agent_identity --url https://tools.example.com/mcp",
    ),
)
def add(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The variable's name; for other kinds, what to call the credential.")
    ],
    vault: Annotated[
        str,
        typer.Option("--vault", metavar="ID_OR_NAME", help="The vault to keep it in; `default` is made if missing."),
    ] = DEFAULT_VAULT,
    kind: Annotated[Kind, typer.Option("--kind", help="What it is.")] = Kind.ENVIRONMENT_VARIABLE,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Where it may go: a host, or '*.' and a domain. Repeatable."),
    ] = None,
    unrestricted: Annotated[
        bool, typer.Option("--unrestricted", help="It may go to every host that a session's environment allows.")
    ] = False,
    header: Annotated[bool, typer.Option("--header/--no-header", help="Put it into request headers.")] = True,
    body: Annotated[bool, typer.Option("--body/--no-body", help="Put it into request bodies.")] = True,
    imitate: Annotated[
        bool, typer.Option("--imitate", help="Placeholders keep the secret's public prefix and length.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="MCP_URL", help="The MCP server, for static_bearer, mcp_oauth and agent_identity."
        ),
    ] = None,
    audience: Annotated[
        str | None,
        typer.Option("--audience", metavar="TEXT", help="Whom an agent_identity is for; without it, the --url."),
    ] = None,
    access_key_id: KeyId = None,
    display_name: Annotated[
        str | None, typer.Option("--display-name", metavar="TEXT", help="A name for people.")
    ] = None,
    metadata: Metadata = None,
    value_stdin: FromStdin = False,
    value_file: FromFile = None,
    from_env: FromEnv = None,
    from_netrc: FromNetrc = None,
    as_json: AsJson = False,
) -> None:
    """Store a secret. It is read from a prompt, a pipe or a file, never from an argument."""
    notes = read_metadata(metadata)
    if access_key_id is not None and kind is not Kind.AWS_KEYS:
        raise typer.BadParameter("is for --kind aws_keys", param_hint="--access-key-id")
    if audience is not None and kind is not Kind.AGENT_IDENTITY:
        raise typer.BadParameter("is for --kind agent_identity", param_hint="--audience")
    if kind is Kind.AGENT_IDENTITY:
        others = hosts or unrestricted or imitate or value_stdin or value_file or not (header and body)
        server = agent_identity.require_server(url, others=bool(others))
        client = connection(ctx).client()
        home = _made(client, vault_to_add_to(client, vault))
        named: Json = {"display_name": display_name or name, "metadata": notes}
        identity = {"mcp_server_url": server, "audience": audience} | named
        _show(agent_identity.add_identity(client, home, identity), as_json=as_json)
        return
    if kind is Kind.AWS_KEYS:
        _require_reach(hosts, unrestricted=unrestricted, url=url)
        if imitate or not (header and body):
            raise typer.BadParameter(
                "AWS keys only sign: give neither --imitate, --no-header nor --no-body", param_hint="--kind"
            )
    elif kind is Kind.ENVIRONMENT_VARIABLE:
        _require_reach(hosts, unrestricted=unrestricted, url=url)
        _require_surface(header=header, body=body)
    elif url is None or hosts or unrestricted or imitate:
        raise typer.BadParameter(
            f"{kind.value} belongs to one MCP server: give --url, and neither --host, --unrestricted nor --imitate",
            param_hint="--kind",
        )
    client = connection(ctx).client()
    place = vault_to_add_to(client, vault)
    value = read_value(name, from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc)
    keys = read_keys(value, access_key_id=access_key_id) if kind is Kind.AWS_KEYS else {}
    place = _made(client, place)
    if kind is Kind.ENVIRONMENT_VARIABLE:
        surfaces = [word for word, wanted in (("header", header), ("body", body)) if wanted]
        made = _add_variable(
            client,
            place,
            {
                "name": name,
                "value": value.reveal(),
                "hosts": None if unrestricted else hosts,
                "surfaces": surfaces,
                "placeholder": "imitate" if imitate else "opaque",
                "display_name": display_name,
                "metadata": notes,
            },
        )
    elif kind is Kind.AWS_KEYS:
        asked = {"hosts": None if unrestricted else hosts, "display_name": display_name or name, "metadata": notes}
        made = client.post(aws_keys_of(place), keys | asked, KEYS_WORDS)
    else:
        auth: Json = {"type": kind.value, "mcp_server_url": url} | _renewal(kind, value)
        made = client.post(
            credentials_of(place),
            {"auth": auth, "display_name": display_name or name, "metadata": notes},
            MCP_WORDS | {"display_name": "--display-name" if display_name else "NAME"},
        )
    _show(made, as_json=as_json)


@commands.command("list", epilog=examples("strongroom credential list", "strongroom credential list --vault default"))
def list_(
    ctx: typer.Context,
    vault: Annotated[str | None, typer.Option("--vault", metavar="ID_OR_NAME", help="Only those of one vault.")] = None,
    archived: Archived = False,
    as_json: AsJson = False,
) -> None:
    """List credentials and where they may go.

    What they are is shown, never their values.
    """
    client = connection(ctx).client()
    if vault is None:
        vaults = list(client.every(path("v1", "vaults"), include_archived=archived))
    else:
        vaults = [find_vault(client, vault, archived=True)]
    found = [
        held if as_json else _row(held, place)
        for place in vaults
        for where in (credentials_of(place), aws_keys_of(place), agent_identities_of(place))
        for held in client.every(where, include_archived=archived)
    ]
    columns = {"ID": "id", "NAME": "name", "VAULT": "vault", "KIND": "kind", "HOSTS": "hosts"} | (
        {"ARCHIVED": "archived_at"} if archived else {}
    )
    none = "no credentials yet: `strongroom credential add NAME --host HOST` stores one"
    output.listing(found, columns, as_json=as_json, none=none)


@commands.command("show", epilog=examples("strongroom credential show GITHUB_TOKEN"))
def show(ctx: typer.Context, credential: Wanted, vault: InVault = DEFAULT_VAULT, as_json: AsJson = False) -> None:
    """Show what a credential is and where it may go."""
    client = connection(ctx).client()
    place = find_vault(client, vault, archived=True)
    _show(find_credential(client, place, credential, archived=True), as_json=as_json)


@commands.command("rotate", epilog=examples("gh auth token | strongroom credential rotate GITHUB_TOKEN --value-stdin"))
def rotate(
    ctx: typer.Context,
    credential: Wanted,
    vault: InVault = DEFAULT_VAULT,
    access_key_id: KeyId = None,
    value_stdin: FromStdin = False,
    value_file: FromFile = None,
    from_env: FromEnv = None,
    from_netrc: FromNetrc = None,
    as_json: AsJson = False,
) -> None:
    """Replace the secret. Placeholders stay as they are; running sessions use the new value at once."""
    client = connection(ctx).client()
    place = find_vault(client, vault)
    found = find_credential(client, place, credential)
    kind = Kind(_kind(found))
    if kind is Kind.AGENT_IDENTITY:
        raise Complaint("an agent identity holds no secret: `strongroom identity-key rotate` replaces what signs it")
    if access_key_id is not None and kind is not Kind.AWS_KEYS:
        raise typer.BadParameter("is for AWS keys", param_hint="--access-key-id")
    value = read_value(
        _name(found), from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc
    )
    if kind is Kind.AWS_KEYS:
        keys = read_keys(value, access_key_id=access_key_id)
        changed = client.post(place_of(place, found) + path("rotate"), keys, KEYS_WORDS)
    else:
        auth = {"type": kind.value} | _renewal(kind, value)
        changed = client.post(place_of(place, found), {"auth": auth}, MCP_WORDS)
    _show(changed, as_json=as_json)


@commands.command("archive", epilog=examples("strongroom credential archive GITHUB_TOKEN"))
def archive(ctx: typer.Context, credential: Wanted, vault: InVault = DEFAULT_VAULT, as_json: AsJson = False) -> None:
    """Take a credential out of use and destroy its secret.

    What it was stays on record.
    """
    client = connection(ctx).client()
    place = find_vault(client, vault, archived=True)
    found = find_credential(client, place, credential, archived=True)
    _show(client.post(place_of(place, found) + path("archive")), as_json=as_json)


@commands.command("delete", epilog=examples("strongroom credential delete GITHUB_TOKEN --yes"))
def delete(
    ctx: typer.Context,
    credential: Wanted,
    vault: InVault = DEFAULT_VAULT,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove a credential and its secret, for good."""
    client = connection(ctx).client()
    place = find_vault(client, vault, archived=True)
    found = find_credential(client, place, credential, archived=True)
    confirm(f"Delete credential {_name(found)!r} ({found['id']})?", yes=yes)
    output.one(client.delete(place_of(place, found)), {"deleted": "id"}, as_json=as_json)


def _require_reach(hosts: list[str] | None, *, unrestricted: bool, url: str | None) -> None:
    if url is not None:
        raise typer.BadParameter("is for --kind static_bearer and mcp_oauth; say --host here", param_hint="--url")
    if hosts and unrestricted:
        raise typer.BadParameter("say either which hosts, or --unrestricted", param_hint="--host")
    if not hosts and not unrestricted:
        raise typer.BadParameter(
            "say where the secret may go, such as --host api.github.com (repeatable, '*.example.com' for subdomains); "
            "--unrestricted lets it go to every host that a session's environment allows",
            param_hint="--host",
        )


def _require_surface(*, header: bool, body: bool) -> None:
    if not header and not body:
        raise typer.BadParameter("a secret must go somewhere: allow headers or bodies", param_hint="--no-body")


def _made(client: Client, vault: Json | None) -> Json:
    made: Json = vault or client.post(path("v1", "vaults"), {"display_name": DEFAULT_VAULT})
    return made


def _add_variable(client: Client, place: Json, asked: Json) -> Json:
    made = client.post(path("strongroom", "v1", "vaults", place["id"], "credentials"), asked, VARIABLE_WORDS)
    described: Json = client.get(credentials_of(place) + path(made["id"]))
    return described


def _renewal(kind: Kind, value: Secret) -> Json:
    match kind:
        case Kind.ENVIRONMENT_VARIABLE:
            return {"secret_value": value.reveal()}
        case Kind.STATIC_BEARER:
            return {"token": value.reveal()}
        case Kind.MCP_OAUTH:
            return {"access_token": value.reveal()}
        case Kind.AWS_KEYS | Kind.AGENT_IDENTITY:
            return {}  # replaced by a request of their own, or not at all
        case _:
            assert_never(kind)


def _show(credential: Json, *, as_json: bool) -> None:
    ours = {Kind.AWS_KEYS.value: KEYS_FIELDS, Kind.AGENT_IDENTITY.value: agent_identity.FIELDS}
    output.one(credential, FIELDS if "auth" in credential else ours[credential["kind"]], as_json=as_json)


def _kind(credential: Json) -> str:
    return str(credential["auth"]["type"] if "auth" in credential else credential["kind"])


def _row(credential: Json, vault: Json) -> Json:
    shown = {"name": _name(credential), "vault": vault["display_name"], "kind": _kind(credential)}
    return credential | shown | {"hosts": _where(credential)}


def _name(credential: Json) -> str:
    auth = credential.get("auth", {})
    return str(auth.get("secret_name") or credential["display_name"] or auth.get("mcp_server_url"))


def _where(credential: Json) -> str:
    if "mcp_server_url" in credential:
        return str(credential["mcp_server_url"])
    if "auth" not in credential:
        return " ".join(credential["hosts"] or [EVERYWHERE])
    auth = credential["auth"]
    if "networking" not in auth:
        return str(auth.get("mcp_server_url"))
    return " ".join(auth["networking"].get("allowed_hosts", [EVERYWHERE]))
