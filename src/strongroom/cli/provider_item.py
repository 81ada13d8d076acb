"""`strongroom provider-item`: what a provider's namespace can read, and when."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, connection, examples, group

commands = group(help="What a provider's namespace can read, and when.")

In = Annotated[str, typer.Option("--namespace", metavar="NAME", help="The namespace of the provider token.")]
Which = Annotated[str, typer.Argument(metavar="CREDENTIAL", help="The credential's id.")]
FIELDS = {
    "id": "id",
    "kind": "kind",
    "name": "display_name",
    "vault": "vault_id",
    "shared": "shared",
    "opens": "opens_at",
    "closes": "closes_at",
}


@commands.command("list", epilog=examples("strongroom provider-item list --namespace skyvern"))
def list_(ctx: typer.Context, namespace: In, as_json: AsJson = False) -> None:
    """List what a namespace can read, newest first."""
    found = connection(ctx).client().get(_items(namespace))["data"]
    columns = {heading.upper(): field for heading, field in FIELDS.items()}
    output.listing(found, columns, as_json=as_json, none="no items")


@commands.command(
    "share",
    epilog=examples(
        "strongroom provider-item share cred_123… --namespace skyvern",
        "strongroom provider-item share cred_123… --namespace skyvern --closes-at 2027-01-31T18:00:00Z",
    ),
)
def share(
    ctx: typer.Context,
    credential: Which,
    namespace: In,
    opens_at: Annotated[
        str | None, typer.Option("--opens-at", metavar="MOMENT", help="From when on it may be read (RFC 3339).")
    ] = None,
    closes_at: Annotated[
        str | None, typer.Option("--closes-at", metavar="MOMENT", help="Until when it may be read.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a namespace read a credential, from when and until when.

    Whoever holds a token of the namespace can then read its secrets. Needs a key with the scope totp:read.
    """
    words = {"opens_at": "--opens-at", "closes_at": "--closes-at", "credential_id": "CREDENTIAL"}
    body = {"opens_at": opens_at, "closes_at": closes_at}
    output.one(connection(ctx).client().post(_items(namespace, credential), body, words), FIELDS, as_json=as_json)


@commands.command("withdraw", epilog=examples("strongroom provider-item withdraw cred_123… --namespace skyvern"))
def withdraw(ctx: typer.Context, credential: Which, namespace: In, as_json: AsJson = False) -> None:
    """End a share, at once.

    Of the namespace's own item, forget when it may be read.
    """
    done = connection(ctx).client().delete(_items(namespace, credential))
    output.one(done, {"withdrawn": "id"}, as_json=as_json)


def _items(namespace: str, *credential: str) -> str:
    return path("strongroom", "v1", "provider-namespaces", namespace, "items", *credential)
