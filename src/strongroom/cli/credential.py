"""`strongroom credential`: secrets go in here; what comes out describes them."""

from typing import Annotated

import typer

from strongroom.cli import aws_keys, logins, mcp_tokens, output
from strongroom.cli.adding import LOGINS, Kind, Said, require_of_kind
from strongroom.cli.agent_identity import AGENT_IDENTITIES
from strongroom.cli.aws_keys import AWS_KEYS
from strongroom.cli.client import Json, path
from strongroom.cli.complaint import Complaint
from strongroom.cli.described import kind_of, name_of, row_of, show_one
from strongroom.cli.logins import AsFields, Brand, CustodianName, Label, SiteUrl, Username, WithTotp
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
from strongroom.cli.mcp_tokens import MCP_TOKENS
from strongroom.cli.options import Archived, AsJson, Metadata, Yes, confirm, connection, examples, group, read_metadata
from strongroom.cli.values import FromEnv, FromFile, FromNetrc, FromStdin, Source
from strongroom.cli.variables import VARIABLES

ADDERS = {
    Kind.ENVIRONMENT_VARIABLE: VARIABLES,
    Kind.STATIC_BEARER: MCP_TOKENS,
    Kind.MCP_OAUTH: MCP_TOKENS,
    Kind.AWS_KEYS: AWS_KEYS,
    Kind.AGENT_IDENTITY: AGENT_IDENTITIES,
    **dict.fromkeys(LOGINS, logins.ADDER),
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
    custodian: CustodianName = None,
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
    said = Said(
        name=name,
        kind=kind,
        source=Source(from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc),
        hosts=hosts,
        unrestricted=unrestricted,
        header=header,
        body=body,
        imitate=imitate,
        url=url,
        audience=audience,
        access_key_id=access_key_id,
        username=username,
        site=site,
        brand=brand,
        label=label,
        totp=totp,
        fields=fields,
        custodian=custodian,
        display_name=display_name,
        metadata=read_metadata(metadata),
    )
    require_of_kind(said)
    adder = ADDERS[kind]
    adder.check(said)
    client = connection(ctx).client()
    place = vault_to_add_to(client, vault)
    asked = adder.ask(said)
    home: Json = place or client.post(path("v1", "vaults"), {"display_name": DEFAULT_VAULT})
    show_one(adder.store(client, home, asked), as_json=as_json)


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
    source = Source(from_stdin=value_stdin, from_file=value_file, from_env=from_env, from_netrc=from_netrc)
    said = Said(name=name_of(found), kind=kind, source=source, totp=totp, fields=fields)
    require_of_kind(said)
    where = place_of(place, found)
    if kind in LOGINS:
        changed = logins.change_login(client, where, logins.read_fields(said))
    elif kind is Kind.AWS_KEYS:
        keys = aws_keys.read_keys(source.read(said.name), access_key_id=access_key_id)
        changed = client.post(where + path("rotate"), keys, aws_keys.WORDS)
    else:
        changed = client.post(where, {"auth": mcp_tokens.auth(kind, source.read(said.name))}, mcp_tokens.WORDS)
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
