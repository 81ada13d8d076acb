"""`strongroom credential`: secrets go in here; what comes out describes them."""

from enum import StrEnum
from functools import partial
from typing import Annotated, assert_never

import typer

from strongroom.cli import agent_identity, logins, output
from strongroom.cli.aws_keys import read_keys
from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint
from strongroom.cli.described import kind_of, name_of, row_of, show_one
from strongroom.cli.logins import AsFields, Brand, Label, SiteUrl, Username, WithTotp
from strongroom.cli.lookups import (
    ALL_VAULTS,
    DEFAULT_VAULT,
    agent_identities_of,
    aws_keys_of,
    credentials_of,
    find_credential,
    find_vault,
    logins_of,
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
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    CREDIT_CARD = "credit_card"
    SECRET = "secret"  # noqa: S105 - likewise


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

_OF_KINDS = {
    "access_key_id": ("aws_keys",),
    "audience": ("agent_identity",),
    "username": ("password",),
    "totp": ("password",),
    "brand": ("credit_card",),
    "label": ("secret",),
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
        "strongroom credential add bank --kind password --username me --site https://bank.example/login --totp",
        "strongroom credential add card --kind credit_card --brand visa --site https://shop.test --value-file c.json",
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
    username: Username = None,
    site: SiteUrl = None,
    brand: Brand = None,
    label: Label = None,
    totp: WithTotp = False,
    fields: AsFields = False,
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
    _require_kind_of(kind, access_key_id=access_key_id, audience=audience, username=username, brand=brand)
    _require_kind_of(kind, label=label, totp=totp, site=site, fields=fields)
    if kind in logins.KINDS:
        logins.require_for_kind(kind, url=url, hosts=hosts, site=site, others=unrestricted or imitate)
        client = connection(ctx).client()
        place = vault_to_add_to(client, vault)
        asked = {
            "credential": logins.read_fields(
                partial(
                    read_value,
                    from_stdin=value_stdin,
                    from_file=value_file,
                    from_env=from_env,
                    from_netrc=from_netrc,
                ),
                kind,
                name,
                asks=logins.asks_at_terminal(value_stdin, value_file, from_env, from_netrc),
                totp=totp,
                fields=fields,
                username=username,
                brand=brand,
                label=label,
            ),
            "site": site,
            "hosts": hosts,
            "surfaces": None if header and body else _surfaces(header=header, body=body),
            "display_name": display_name or name,
            "metadata": notes,
        }
        show_one(logins.add_login(client, _made(client, place), kind, asked), as_json=as_json)
        return
    if kind is Kind.AGENT_IDENTITY:
        others = hosts or unrestricted or imitate or value_stdin or value_file or not (header and body)
        server = agent_identity.require_server(url, others=bool(others))
        client = connection(ctx).client()
        home = _made(client, vault_to_add_to(client, vault))
        named: Json = {"display_name": display_name or name, "metadata": notes}
        identity = {"mcp_server_url": server, "audience": audience} | named
        show_one(agent_identity.add_identity(client, home, identity), as_json=as_json)
        return
    if kind is Kind.AWS_KEYS:
        _require_reach(hosts, unrestricted=unrestricted, url=url)
        if imitate or not (header and body):
            raise typer.BadParameter(
                "AWS keys only sign: give neither --imitate, --no-header nor --no-body", param_hint="--kind"
            )
    elif kind is Kind.ENVIRONMENT_VARIABLE:
        _require_reach(hosts, unrestricted=unrestricted, url=url)
        _surfaces(header=header, body=body)
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
        made = _add_variable(
            client,
            place,
            {
                "name": name,
                "value": value.reveal(),
                "hosts": None if unrestricted else hosts,
                "surfaces": _surfaces(header=header, body=body),
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
    show_one(made, as_json=as_json)


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
        vaults = list(client.every(ALL_VAULTS, include_archived=archived))
    else:
        vaults = [find_vault(client, vault, archived=True)]
    found = [
        held if as_json else row_of(held, place)
        for place in vaults
        for where in (credentials_of(place), aws_keys_of(place), agent_identities_of(place), logins_of(place))
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
    show_one(find_credential(client, place, credential, archived=True), as_json=as_json)


@commands.command("rotate", epilog=examples("gh auth token | strongroom credential rotate GITHUB_TOKEN --value-stdin"))
def rotate(
    ctx: typer.Context,
    credential: Wanted,
    vault: InVault = DEFAULT_VAULT,
    access_key_id: KeyId = None,
    totp: WithTotp = False,
    fields: AsFields = False,
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
    kind = Kind(kind_of(found))
    if kind is Kind.AGENT_IDENTITY:
        raise Complaint("an agent identity holds no secret: `strongroom identity-key rotate` replaces what signs it")
    if access_key_id is not None and kind is not Kind.AWS_KEYS:
        raise typer.BadParameter("is for AWS keys", param_hint="--access-key-id")
    _require_kind_of(kind, totp=totp, fields=fields)
    if kind in logins.KINDS:
        read = partial(
            read_value, from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc
        )
        asks = logins.asks_at_terminal(value_stdin, value_file, from_env, from_netrc)
        given = logins.read_fields(read, kind, name_of(found), asks=asks, totp=totp, fields=fields)
        show_one(logins.change_login(client, place_of(place, found), given), as_json=as_json)
        return
    value = read_value(
        name_of(found), from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc
    )
    if kind is Kind.AWS_KEYS:
        keys = read_keys(value, access_key_id=access_key_id)
        changed = client.post(place_of(place, found) + path("rotate"), keys, KEYS_WORDS)
    else:
        auth = {"type": kind.value} | _renewal(kind, value)
        changed = client.post(place_of(place, found), {"auth": auth}, MCP_WORDS)
    show_one(changed, as_json=as_json)


@commands.command("archive", epilog=examples("strongroom credential archive GITHUB_TOKEN"))
def archive(ctx: typer.Context, credential: Wanted, vault: InVault = DEFAULT_VAULT, as_json: AsJson = False) -> None:
    """Take a credential out of use and destroy its secret.

    What it was stays on record.
    """
    client = connection(ctx).client()
    place = find_vault(client, vault, archived=True)
    found = find_credential(client, place, credential, archived=True)
    show_one(client.post(place_of(place, found) + path("archive")), as_json=as_json)


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
    confirm(f"Delete credential {name_of(found)!r} ({found['id']})?", yes=yes)
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


def _surfaces(*, header: bool, body: bool) -> list[str]:
    if not header and not body:
        raise typer.BadParameter("a secret must go somewhere: allow headers or bodies", param_hint="--no-body")
    return [word for word, wanted in (("header", header), ("body", body)) if wanted]


def _require_kind_of(kind: Kind, **said: object) -> None:
    """End the command for an option that belongs to another kind."""
    for option, given in said.items():
        kinds = _OF_KINDS.get(option, logins.KINDS)
        if given and kind not in kinds:
            raise typer.BadParameter(f"is for --kind {' or '.join(kinds)}", param_hint=f"--{option.replace('_', '-')}")


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
        case Kind.AWS_KEYS | Kind.AGENT_IDENTITY | Kind.PASSWORD | Kind.CREDIT_CARD | Kind.SECRET:
            return {}  # replaced by a request of their own, or not at all
        case _:
            assert_never(kind)
