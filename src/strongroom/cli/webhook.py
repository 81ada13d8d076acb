"""`strongroom webhook`: where the workspace's events are sent, security events among them."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, Yes, confirm, connection, examples, group, read_seconds

WEBHOOKS = path("strongroom", "v1", "webhooks")
FIELDS = {
    "id": "id",
    "secret": "secret",
    "url": "url",
    "events": "events",
    "status": "status",
    "disabled": "disabled_at",
    "because": "disabled_because",
    "failing since": "failing_since",
    "old secret until": "previous_secret_until",
    "missed": "missed",
    "created": "created_at",
}
ONCE = "this secret is not shown again"

commands = group(help="Where events are sent, security events among them.")
Wanted = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id, as `strongroom webhook list` shows it.")]


@commands.command(
    "create",
    epilog=examples(
        "strongroom webhook create https://hooks.example.com/strongroom",
        "strongroom webhook create https://hooks.example.com/alerts --event strongroom.placeholder.strayed",
    ),
)
def create(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="An https URL on port 443.")],
    events: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="TYPE", help="A type to send. Repeatable. Without it: every type."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a webhook.

    The secret that its deliveries are signed with is shown this once.
    """
    body = {"url": url} | ({"events": events} if events else {})
    made = connection(ctx).client().post(WEBHOOKS, body, {"url": "URL", "events": "--event"})
    output.one(made, FIELDS, as_json=as_json)
    if not as_json:
        output.note(ONCE)


@commands.command("list", epilog=examples("strongroom webhook list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the workspace's webhooks, newest first."""
    webhooks = connection(ctx).client().get(WEBHOOKS)["data"]
    columns = {
        "ID": "id",
        "URL": "url",
        "EVENTS": "events",
        "STATUS": "status",
        "BECAUSE": "disabled_because",
        "FAILING SINCE": "failing_since",
    }
    output.listing(webhooks, columns, as_json=as_json, none="no webhooks")


@commands.command("show", epilog=examples("strongroom webhook show whk_01…"))
def show(ctx: typer.Context, webhook: Wanted, as_json: AsJson = False) -> None:
    """Show one webhook."""
    output.one(connection(ctx).client().get(WEBHOOKS + path(webhook)), FIELDS, as_json=as_json)


@commands.command("test", epilog=examples("strongroom webhook test whk_01…"))
def try_(ctx: typer.Context, webhook: Wanted, as_json: AsJson = False) -> None:
    """Send a test event.

    `strongroom webhook deliveries` shows what became of it.
    """
    sent = connection(ctx).client().post(WEBHOOKS + path(webhook, "test"))
    output.one(sent, {"event": "event_id", "type": "event_type"}, as_json=as_json)


@commands.command("deliveries", epilog=examples("strongroom webhook deliveries whk_01… -n 50"))
def deliveries(
    ctx: typer.Context,
    webhook: Wanted,
    count: Annotated[int, typer.Option("-n", "--lines", metavar="COUNT", min=1, max=1000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the last deliveries, newest first."""
    found = connection(ctx).client().get(WEBHOOKS + path(webhook, "deliveries"), limit=count)["data"]
    columns = {
        "EVENT": "event_id",
        "TYPE": "event_type",
        "CREATED": "created_at",
        "STATUS": "status",
        "ATTEMPTS": "attempts",
        "NEXT": "next_attempt_at",
        "ANSWER": "response_status",
        "ERROR": "error",
    }
    output.listing(found, columns, as_json=as_json, none="no deliveries")


@commands.command("rotate", epilog=examples("strongroom webhook rotate whk_01… --overlap 1h"))
def rotate(
    ctx: typer.Context,
    webhook: Wanted,
    overlap: Annotated[
        str | None,
        typer.Option("--overlap", metavar="DURATION", help="How long the old secret signs as well; 24h unless given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a webhook a new secret.

    It is shown this once. For a while deliveries are signed with the old one as well.
    """
    seconds = read_seconds(overlap, option="--overlap")
    body = {} if seconds is None else {"overlap_seconds": seconds}
    words = {"overlap_seconds": "--overlap (in seconds)"}
    made = connection(ctx).client().post(WEBHOOKS + path(webhook, "rotate"), body, words)
    output.one(made, FIELDS, as_json=as_json)
    if not as_json:
        output.note(ONCE)


@commands.command("enable", epilog=examples("strongroom webhook enable whk_01…"))
def enable(ctx: typer.Context, webhook: Wanted, as_json: AsJson = False) -> None:
    """Let a disabled webhook hear of what happens from now on."""
    output.one(connection(ctx).client().post(WEBHOOKS + path(webhook, "enable")), FIELDS, as_json=as_json)


@commands.command("delete", epilog=examples("strongroom webhook delete whk_01… --yes"))
def delete(ctx: typer.Context, webhook: Wanted, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove a webhook, for good; what waits for it is not sent."""
    client = connection(ctx).client()
    found = client.get(WEBHOOKS + path(webhook))
    confirm(f"Delete webhook {found['id']} to {found['url']}?", yes=yes)
    output.one(client.delete(WEBHOOKS + path(found["id"])), {"deleted": "id"}, as_json=as_json)
