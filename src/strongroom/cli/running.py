"""`strongroom run`: a program that holds placeholders where it would hold secrets."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli.client import Client, Json
from strongroom.cli.complaint import Complaint
from strongroom.cli.options import connection, examples
from strongroom.cli.output import note
from strongroom.cli.session import WORDS, Environment, Vaults, end_session, open_session

OURS = "STRONGROOM_"
"""Variables with this beginning are for us: keys among them. A child never gets one."""

BUNDLE_VARIABLE = "SSL_CERT_FILE"
"""Among the session's variables, one that names the server's certificate bundle; others have the same value."""

ENDING = 5.0
"""Seconds that ending the session may take; after that it ends by itself, when it expires."""


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(
        "run",
        context_settings={"allow_interspersed_args": False},
        epilog=examples(
            "strongroom run -- claude",
            "strongroom run --vault 'customer 4711' -- python agent.py",
            "strongroom run --isolate -- claude",
            "strongroom run -- sh -c 'curl -H \"Authorization: Bearer $GITHUB_TOKEN\" https://api.github.com/user'",
        ),
    )(run)


def run(
    ctx: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="What to run and its arguments, as they are: no shell.")
    ],
    vaults: Vaults = None,
    environment: Environment = None,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Let it reach the proxy and nothing else of the network (Linux).")
    ] = False,
    unix_sockets: Annotated[
        bool,
        typer.Option(
            "--unix-sockets",
            help="With --isolate, let it use Unix-domain sockets as well: also those of Docker, the ssh agent and "
            "whatever else listens in the file system.",
        ),
    ] = False,
    name: Annotated[str | None, typer.Option("--name", metavar="TITLE", help="What to call the session.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on standard error.")] = False,
) -> None:
    """Run a program with placeholders instead of secrets.

    Its requests go through the egress proxy, which puts the secrets in where they may go. It gets a
    session of its own that ends with it, your terminal and your signals, and its exit code becomes
    that of this command. Standard output is the program's alone, so there is no --json; a line of
    ours goes to standard error. Mind the single quotes in the last example: the program's shell must
    fill the variable in, not yours.
    """
    from strongroom.cli import child, isolation  # noqa: PLC0415 - only here

    if unix_sockets and not isolate:
        raise typer.BadParameter("is an exception from --isolate: say that too", param_hint="--unix-sockets")
    server = connection(ctx)
    caller = without_ours(os.environ)
    with isolation.isolated_child(caller, unix_sockets=unix_sockets) if isolate else nullcontext() as inside:
        session = open_session(
            server.client(),
            vaults=vaults,
            environment=environment,
            title=name or command[0],
            words=WORDS | {"title": "--name" if name else "COMMAND"},
        )
        child.hold_signals()
        directory = None
        try:
            directory = _private_directory()
            egress = session["egress"]
            environ = child_environment(
                caller if inside is None or unix_sockets else isolation.without_sockets(caller),
                egress if inside is None else isolation.seen_from_inside(egress),
                directory,
            )
            if not quiet:
                note(f"{_placeholders(egress)}, session {session['id']}")
            if inside is None:
                code = child.run(command, environ)
            else:
                code = inside.run(command, environ, proxy=isolation.proxy_address(egress))
        except child.NotStarted as failed:
            note(str(failed))
            code = failed.exit_code
        finally:
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)
            _end(server.client(timeout=ENDING), session["id"])
    sys.exit(code)


def without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's variables without ours."""
    return {name: value for name, value in environ.items() if not name.startswith(OURS)}


def child_environment(environ: Mapping[str, str], egress: Json, folder: Path) -> dict[str, str]:
    """Return the child's variables and write the files that they name into a folder.

    They are the caller's, and over them the session's: so a variable that has the
    name of a credential holds the placeholder, whatever the caller had in it.
    """
    from strongroom.cli.roots import child_bundle, wget_settings  # noqa: PLC0415 - only here
    from strongroom.core.client_variables import BYPASS_VARIABLES, other_forms  # noqa: PLC0415 - only here
    from strongroom.outbound.trust_files import contents, trust_files  # noqa: PLC0415 - only here

    given: dict[str, str] = egress["env"]
    on_server = given.get(BUNDLE_VARIABLE)
    naming = [name for name, value in given.items() if value == on_server]
    bundle = child_bundle(environ, naming, egress["ca_certificate"])
    files = trust_files(folder)
    try:
        for path, content in contents(files, bundle, wgetrc_before=wget_settings(environ)).items():
            path.write_bytes(content)
    except OSError as error:
        raise _unwritable(error) from None
    bypassed = any(given.get(name) for name in BYPASS_VARIABLES)
    others = other_forms(egress["proxy_url"], files, loopback_through_proxy=not bypassed, before=environ)
    placeholders = {name: given[name] for name in egress["placeholders"]}
    return dict(environ) | given | dict.fromkeys(naming, files.bundle) | others | placeholders


def _private_directory() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="strongroom-"))
    except OSError as error:
        raise _unwritable(error) from None


def _unwritable(error: OSError) -> Complaint:
    return Complaint(f"the certificates for the program cannot be written ({error.strerror}): check TMPDIR")


def _placeholders(egress: Json) -> str:
    count = len(egress["placeholders"])
    return f"{count} placeholder{'' if count == 1 else 's'}"


def _end(client: Client, session: str) -> None:
    try:
        end_session(client, session)
    except Complaint as complaint:
        note(f"session {session} was not ended and goes on until it expires: {complaint}")
