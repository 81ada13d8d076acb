"""`strongroom llm key`: what applications show to the LLM gateway instead of a vendor's key."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint
from strongroom.cli.options import AsJson, connection, examples, group

KEYS = path("api", "llm-gateway", "admin", "api-keys")
STANDINGS = path("strongroom", "v1", "gateway-keys")

commands = group(help="Keys that applications show to the LLM gateway.")
Wanted = Annotated[
    str, typer.Argument(metavar="KEY", help="Its id or name, as `strongroom llm key list` shows it; never the key.")
]


@commands.command(
    "create",
    epilog=examples("strongroom llm key create --name app", "strongroom llm key create --name ci --group build --json"),
)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What to call it.")],
    of_group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Which group it is for.")] = None,
    expires_at: Annotated[
        str | None, typer.Option("--expires-at", metavar="TIME", help="When it ends, such as 2027-01-31T00:00:00Z.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once and kept nowhere."""
    asked = {"name": name, "group_name": of_group, "expires_at": expires_at}
    body = {field: value for field, value in asked.items() if value is not None}
    words = {"name": "--name", "group_name": "--group", "expires_at": "--expires-at"}
    client = connection(ctx).client()
    made = client.post(KEYS, body, words)
    output.one(made, {"id": "id", "key": "key", "name": "name", "expires": "expires_at"}, as_json=as_json)
    if not as_json:
        output.note("this key is not shown again")
        output.note(f"OPENAI_BASE_URL={client.server}/api/llm-gateway/v1, and the key as OPENAI_API_KEY")
        output.note(f"ANTHROPIC_BASE_URL={client.server}/api/llm-gateway, and the key as ANTHROPIC_AUTH_TOKEN")


@commands.command("list", epilog=examples("strongroom llm key list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the keys with their limits, oldest first. Of each key only how it begins."""
    columns = {
        "ID": "id",
        "NAME": "name",
        "KEY": "key_prefix",
        "TODAY": "tokens_today",
        "A DAY": "tokens_per_day",
        "THIS MONTH": "tokens_this_month",
        "A MONTH": "tokens_per_month",
        "EXPIRES": "expires_at",
        "DISABLED": "disabled_at",
        "REVOKED": "revoked_at",
    }
    found = connection(ctx).client().get(STANDINGS)["data"]
    output.listing(found, columns, as_json=as_json, none="no keys: `strongroom llm key create` makes one")


@commands.command("disable", epilog=examples("strongroom llm key disable app", "strongroom llm key disable app --undo"))
def disable(
    ctx: typer.Context,
    wanted: Wanted,
    undo: Annotated[bool, typer.Option("--undo", help="Switch it on again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Switch a key off for a while: its requests are refused."""
    client = connection(ctx).client()
    key = find_key(client, wanted)
    client.patch(KEYS + path(key["id"]), {"disabled": not undo})
    _show(client, key["id"], as_json=as_json)


@commands.command("revoke", epilog=examples("strongroom llm key revoke app"))
def revoke(ctx: typer.Context, wanted: Wanted, as_json: AsJson = False) -> None:
    """Revoke a key for ever, at once."""
    client = connection(ctx).client()
    key = find_key(client, wanted)
    client.delete(KEYS + path(key["id"]))
    _show(client, key["id"], as_json=as_json)


def find_key(client: Client, wanted: str) -> Json:
    """Return the key of that id, or the only one of that name; those that work before those that were revoked."""
    keys: list[Json] = client.get(STANDINGS)["data"]
    named = [key for key in keys if key["name"] == wanted]
    found = [key for key in keys if key["id"] == wanted] or [key for key in named if not key["revoked_at"]] or named
    if not found:
        raise Complaint(f"no gateway key is called {wanted}: `strongroom llm key list` shows them")
    if len(found) > 1:
        raise Complaint(f"several gateway keys are called {wanted}: use one's id")
    return found[0]


def _show(client: Client, id_: str, *, as_json: bool) -> None:
    fields = {"id": "id", "name": "name", "disabled": "disabled_at", "revoked": "revoked_at"}
    output.one(find_key(client, id_), fields, as_json=as_json)
