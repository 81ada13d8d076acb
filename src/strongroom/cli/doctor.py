"""`strongroom doctor`: looks at everything that is usually wrong, and says what to do."""

from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.options import AsJson, connection, examples

PROXY_PORT = "STRONGROOM_PROXY_PORT"
_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("doctor", epilog=examples("strongroom doctor", "strongroom doctor --json"))(doctor)


def doctor(
    ctx: typer.Context,
    proxy_port: Annotated[
        int | None,
        typer.Option(
            "--proxy-port",
            metavar="PORT",
            envvar=PROXY_PORT,
            min=0,
            max=65535,
            help="The egress proxy's port. Without it, where the server says it is.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check what is usually wrong, and say what to do.

    Looks at the server, the key, the clock, the proxy, the certificate and the data directory. Exit
    code 1 if something is bad.
    """
    from strongroom.cli import checks  # noqa: PLC0415 - `--help` needs none of it
    from strongroom.edge import now  # noqa: PLC0415 - as above

    server = connection(ctx)
    findings = [
        *checks.data_directory(server.data_dir),
        *checks.certificate(server.data_dir, now()),
        *checks.server(server, proxy_port),
    ]
    if as_json:
        output.write_json(
            [
                {"check": found.check, "level": found.level.value, "seen": found.seen, "advice": found.advice or None}
                for found in findings
            ]
        )
    else:
        for found in findings:
            level = typer.style(f"{found.level.value:<4}", fg=_COLOURS[found.level.value])
            typer.echo(f"{level}  {found.check}: {output.harmless(found.seen)}")
            if found.advice:
                typer.echo(f"      {found.advice}")
    if any(found.level is checks.Level.BAD for found in findings):
        raise typer.Exit(1)
