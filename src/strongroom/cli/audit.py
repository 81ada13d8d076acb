"""`strongroom audit`: what was decided and what happened, and proof that none of it was changed."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import Json
from strongroom.cli.options import AsJson, connection, examples, group

POLL = 1.0
OWN_READS = "audit.read"
COLUMNS = {
    "#": "sequence",
    "AT": "at",
    "OUTCOME": "outcome",
    "ACTION": "action",
    "TARGET": "target",
    "BY": "principal",
    "REASON": "reason",
    "FACTS": "facts",
}

commands = group(help="What was decided and what happened; proof it was kept.")
Organization = Annotated[
    str | None,
    typer.Option("--organization", metavar="ID", help="Another organization's log; needs the operator's key."),
]


@commands.command("tail", epilog=examples("strongroom audit tail -n 50", "strongroom audit tail --follow"))
def tail(
    ctx: typer.Context,
    count: Annotated[
        int, typer.Option("-n", "--lines", metavar="COUNT", min=1, max=1000, help="How many entries.")
    ] = 20,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help="Go on with new entries, except reads of this log. JSON: one object a line."
        ),
    ] = False,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries, oldest of them first."""
    from strongroom.cli.chains import AUDIT  # noqa: PLC0415 - `--help` needs none of it

    client = connection(ctx).client()
    entries: list[Json] = client.get(AUDIT, newest=True, limit=count, organization_id=organization)["data"]
    if not follow:
        output.listing(entries, COLUMNS, as_json=as_json, none="no entries")
        return
    last = 0
    while True:
        for entry in entries:
            last = entry["sequence"]
            # Each look makes an entry of its own; showing those would never end.
            if entry["action"] != OWN_READS:
                _print_line(entry, as_json=as_json)
        time.sleep(POLL)
        entries = client.get(AUDIT, after=last, limit=1000, organization_id=organization)["data"]


@commands.command("verify", epilog=examples("strongroom audit verify", "strongroom audit verify audit-2026.jsonl"))
def verify(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", readable=False, help="An exported log; without it, the server's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry on this machine.

    Changed, missing and reordered ones show. Exit code 1 if any does.
    """
    from strongroom.cli.chains import verify_file, verify_server  # noqa: PLC0415 - `--help` needs none of it

    verdicts = verify_file(file, _progress) if file else verify_server(connection(ctx).client(), _progress)
    _progress_over()
    broken = next((verdict for verdict in verdicts if verdict.first_bad is not None), None)
    if as_json:
        found: Json = {
            "ok": broken is None,
            "entries": sum(verdict.entries for verdict in verdicts),
            "first_bad": broken and broken.first_bad,
        }
        if broken is not None:
            found |= {"organization_id": broken.organization, "reason": broken.reason}
        found["chains"] = [
            {"organization_id": verdict.organization, "entries": verdict.entries, "head": verdict.head}
            for verdict in verdicts
        ]
        output.write_json(found)
    for verdict in () if as_json else verdicts:
        whose = verdict.organization or "unknown organization"
        if verdict.first_bad is None:
            output.pairs({whose: f"intact, {verdict.entries} entries, the last is {verdict.head}"})
        else:
            output.pairs({whose: f"BROKEN at entry {verdict.first_bad}: {verdict.reason}"})
    if broken is not None:
        raise typer.Exit(1)


@commands.command("export", epilog=examples("strongroom audit export audit-2026.jsonl"))
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, help="Where to write it, as JSON lines.")],
    as_json: AsJson = False,
) -> None:
    """Write the whole log to a file.

    `strongroom audit verify FILE` checks it without a server.
    """
    from strongroom.cli.chains import export as write  # noqa: PLC0415 - as above

    heads = write(connection(ctx).client(), file, _progress)
    _progress_over()
    written: Json = {"file": str(file), "entries": sum(head["entries"] for head in heads), "chains": heads}
    output.one(written, {"file": "file", "entries": "entries"}, as_json=as_json)


def _print_line(entry: Json, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(entry), flush=True)
    else:
        print(output.harmless("  ".join(output.row(entry, COLUMNS))), flush=True)


def _progress(entries: int) -> None:
    if entries % 1000 == 0 and sys.stderr.isatty():
        print(f"\r{entries} entries", end="", file=sys.stderr, flush=True)


def _progress_over() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
