"""How commands answer: one JSON value for programs, tables for people, notes on standard error.

Rules kept here:
- with `--json`, standard output holds exactly one JSON value;
- what others named (vaults, hosts, reasons) cannot steer the terminal: control characters are shown as escapes;
- when standard output is no terminal, nothing is cut or wrapped, so that `grep` and `cut` find whole ids.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from strongroom.cli.client import Json

_WIDE = 10_000

Columns = Mapping[str, str]
"""Heading to field; a dotted field looks into nested objects."""


def write_json(value: object) -> None:
    """Write one JSON value and nothing else."""
    print(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def listing(things: Sequence[Json], columns: Columns, *, as_json: bool, none: str) -> None:
    """Show several things, or say `none` where people would see an empty table."""
    if as_json:
        write_json(things)
    elif not things:
        note(none)
    else:
        table(columns, (row(thing, columns) for thing in things))


def row(thing: Json, columns: Columns) -> list[str]:
    """Return what people see of one thing, a text per column."""
    return [_shown(_at(thing, field)) for field in columns.values()]


def one(thing: Json, fields: Columns, *, as_json: bool) -> None:
    """Show one thing, a line per field."""
    if as_json:
        write_json(thing)
        return
    pairs({heading: text for heading, text in zip(fields, row(thing, fields), strict=True) if text})


def pairs(texts: Mapping[str, str]) -> None:
    """Show names and texts in two columns."""
    width = max(map(len, texts), default=0)
    for name, text in texts.items():
        print(f"{name:<{width}}  {harmless(text)}")


def table(headings: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table."""
    from rich.console import Console  # noqa: PLC0415 - only tables need it, and `--json` is for speed too
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    on_terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if on_terminal else _WIDE)
    shown = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(harmless(cell)) for cell in row))
    if on_terminal:
        console.print(shown)
        return
    with console.capture() as captured:
        console.print(shown)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def note(text: str) -> None:
    """Say something to the person at the terminal, beside the answer."""
    print(f"strongroom: {harmless(text)}", file=sys.stderr, flush=True)


def harmless(text: str) -> str:
    """Return the text with everything that a terminal acts on written as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _at(thing: Json, field: str) -> Any:  # noqa: ANN401 - as `Json`
    value: Any = thing
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _shown(value: Any) -> str:  # noqa: ANN401 - as `Json`
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(_shown, value))
    if isinstance(value, dict):
        return " ".join(f"{name}={_shown(part)}" for name, part in value.items())
    return str(value)
