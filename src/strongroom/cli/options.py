"""Options that several commands share, and how their texts are read."""

import re
import sys
from datetime import timedelta
from typing import Annotated

import typer

from strongroom.cli.connection import Connection

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON value, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Archived = Annotated[bool, typer.Option("--archived", help="Show archived ones as well.")]
Metadata = Annotated[
    list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="A note to attach. May be repeated.")
]

_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)\Z")
_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def connection(ctx: typer.Context) -> Connection:
    """Return which server the command is for."""
    found = ctx.find_object(Connection)
    assert found is not None  # noqa: S101 - the root command always sets it
    return found


def group(*, help: str) -> typer.Typer:  # noqa: A002 - typer's own name for it
    """Make the group of commands on one noun."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=help)


def examples(*lines: str) -> str:
    """Write examples for the end of a help page."""
    as_written = "\b\n"  # without it, lines are filled up
    return as_written + "\n".join(["Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])


def read_metadata(given: list[str] | None) -> dict[str, str]:
    """Read `KEY=VALUE` texts."""
    pairs: dict[str, str] = {}
    for text in given or []:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter("must be KEY=VALUE", param_hint="--metadata")
        pairs[key] = value
    return pairs


def read_tools(given: list[str] | None) -> dict[str, list[str]]:
    """Read `SERVER=TOOL` texts. A URL may hold `=`, and a tool's name does not."""
    tools: dict[str, list[str]] = {}
    for text in given or []:
        server, equals, tool = text.rpartition("=")
        if not equals or not server:
            raise typer.BadParameter("must be SERVER=TOOL", param_hint="--allow-tool")
        tools.setdefault(server, []).extend([tool] if tool else [])
    return tools


def read_seconds(text: str | None, *, option: str = "--expires-in") -> int | None:
    """Read a duration such as `90s`, `30m`, `8h` or `7d`; a bare number is seconds."""
    if text is None:
        return None
    found = _DURATION.match(text)
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter("must be a number with s, m, h or d behind it, such as 8h", param_hint=option)
    return int(timedelta(**{_UNITS[found[2]]: int(found[1])}).total_seconds())


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone. Ends the command on no, or where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: add it to go ahead", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)
