"""`strongroom provider-token`: tokens with which another product (Skyvern) keeps its secrets here."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, connection, examples, group

TOKENS = path("strongroom", "v1", "provider-tokens")

commands = group(help="Tokens with which Skyvern keeps its secrets here.")


@commands.command(
    "create",
    epilog=examples(
        "strongroom provider-token create --namespace skyvern",
        "strongroom provider-token create --namespace skyvern --name staging --json",
    ),
)
def create(
    ctx: typer.Context,
    namespace: Annotated[
        str,
        typer.Option("--namespace", metavar="NAME", help="What the token reaches. Made if there is none of that name."),
    ],
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call the token.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once and kept nowhere.

    Whoever holds it can read every secret in its namespace.
    """
    body = {"namespace": namespace} | ({} if name is None else {"name": name})
    made = connection(ctx).client().post(TOKENS, body, {"namespace": "--namespace", "name": "--name"})
    fields = {"id": "id", "token": "token", "namespace": "namespace", "name": "name", "vault": "vault_id"}
    output.one(made, fields, as_json=as_json)
    if not as_json:
        output.note("this token is not shown again")


@commands.command("list", epilog=examples("strongroom provider-token list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the workspace's provider tokens, newest first.

    Of each token only how it begins and ends.
    """
    tokens = connection(ctx).client().get(TOKENS)["data"]
    columns = {
        "ID": "id",
        "NAMESPACE": "namespace",
        "NAME": "name",
        "TOKEN": "hint",
        "CREATED": "created_at",
        "REVOKED": "revoked_at",
    }
    output.listing(tokens, columns, as_json=as_json, none="no provider tokens")


@commands.command("revoke", epilog=examples("strongroom provider-token revoke ptok_01…"))
def revoke(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `strongroom provider-token list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a token, at once."""
    revoked = connection(ctx).client().post(TOKENS + path(id_, "revoke"))
    output.one(revoked, {"id": "id", "namespace": "namespace", "revoked": "revoked_at"}, as_json=as_json)
