"""`strongroom identity-key`: what agent identities are signed with."""

from typing import Annotated, Any

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.options import AsJson, connection, examples, group

KEYS = path("strongroom", "v1", "identity-keys")

commands = group(help="The keys that sign agent identities.")


@commands.command("list", epilog=examples("strongroom identity-key list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the keys that servers are shown, the newest first."""
    _show(connection(ctx).client().get(KEYS), as_json=as_json)


@commands.command(
    "rotate", epilog=examples("strongroom identity-key rotate", "strongroom identity-key rotate --at-once")
)
def rotate(
    ctx: typer.Context,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="After a key became known: end it now. Tokens of it are refused.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new key. It is shown to servers first, and signs ten minutes later.

    They are shown the one before it until its last token has ended, so nothing is interrupted.
    """
    _show(connection(ctx).client().post(KEYS + path("rotate"), {"at_once": at_once}), as_json=as_json)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    columns = {"ID": "id", "SIGNS": "signs", "SIGNS FROM": "signs_from", "SHOWN UNTIL": "shown_until"}
    output.listing(found["data"], columns, as_json=as_json, none="no keys")
    if not as_json:
        output.note(f"issuer: {found['issuer']}")
