"""The root command: which server, and the groups of commands."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from strongroom import __version__
from strongroom.cli import (
    audit,
    connect,
    crash,
    credential,
    demo,
    doctor,
    environment,
    identity_key,
    key,
    llm,
    org,
    provider_item,
    provider_token,
    running,
    serve,
    session,
    vault,
    webhook,
)
from strongroom.cli import validation as _validation  # noqa: F401 - a command of the group `credential`
from strongroom.cli.complaint import Complaint
from strongroom.cli.connection import DATA_DIR, DEFAULT_DATA_DIR, DEFAULT_SERVER, KEY, SERVER, Connection
from strongroom.cli.options import examples
from strongroom.cli.output import note

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

app = typer.Typer(
    name="strongroom",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: quick, and examples stay as they are written
    pretty_exceptions_enable=False,  # its tracebacks can show local variables, secrets among them
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "strongroom serve",
        "strongroom credential add GITHUB_TOKEN --host api.github.com",
        "strongroom run -- sh -c 'curl -H \"Authorization: Bearer $GITHUB_TOKEN\" https://api.github.com/user'",
        "strongroom audit tail",
    )
    + "\n\n--server and --data-dir stand before the command: strongroom --server URL vault list."
    + f"\n\nVariables: {SERVER}, the server; {KEY}, the key; {DATA_DIR}, where a server on this machine keeps its own.",
)

serve.register(app)
demo.register(app)
running.register(app)
connect.register(app)
app.add_typer(vault.commands, name="vault")
app.add_typer(credential.commands, name="credential")
app.add_typer(environment.commands, name="environment")
app.add_typer(session.commands, name="session")
app.add_typer(audit.commands, name="audit")
app.add_typer(webhook.commands, name="webhook")
app.add_typer(key.commands, name="key")
app.add_typer(llm.commands, name="llm")
app.add_typer(identity_key.commands, name="identity-key")
app.add_typer(org.commands, name="org")
app.add_typer(provider_token.commands, name="provider-token")
app.add_typer(provider_item.commands, name="provider-item")
doctor.register(app)


def _version(asked: bool) -> None:
    if asked:
        print(f"strongroom {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help=f"The server. Without it {SERVER}, or {DEFAULT_SERVER}."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="DIR",
            readable=False,  # judged where it is used, in words that say what to do
            help=f"Where to find the admin key. Without it {DATA_DIR}, or {DEFAULT_DATA_DIR}.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Your agents use your credentials and never see them.

    Store a secret once; an agent gets a placeholder. When its request leaves for a host that you
    allowed, Strongroom puts the real value in, and takes it out of whatever comes back.
    """
    del version
    ctx.obj = Connection.read(os.environ, server=server, data_dir=data_dir)


def run() -> NoReturn:
    """Run the command that was typed and end the process with its exit code."""
    try:
        try:
            app(prog_name="strongroom")
        finally:
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()  # here, where a full disk is still a sentence
    except Complaint as complaint:
        note(str(complaint))
    except BrokenPipeError:
        _give_up_output()  # whoever read it has gone; nothing of it is missed
    except Exception as error:  # noqa: BLE001 - whatever it is, its words and its traceback may quote a secret
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            _give_up_output()
            note(f"something could not be written ({error.strerror}): make room and try again")
        else:
            note(crash.sentence(error, os.environ))
            sys.stderr.write(crash.calls(error, os.environ))
    else:
        sys.exit(0)
    sys.exit(1)


def _give_up_output() -> None:
    """Let what is still to be written go nowhere: the end of the process would try once more, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
