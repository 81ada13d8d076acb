"""`strongroom llm usage` and `limit`: what gateway keys took, and what they may take."""

from enum import StrEnum
from typing import Annotated

import typer

from strongroom.cli import output
from strongroom.cli.client import path
from strongroom.cli.llm_keys import STANDINGS, Wanted, find_key
from strongroom.cli.options import AsJson, connection, examples

USAGE = path("strongroom", "v1", "usage")
WORDS = {"tokens_per_day": "--per-day", "tokens_per_month": "--per-month"}
NONE = "none"


class By(StrEnum):
    """What sums are told apart by."""

    DAY = "day"
    KEY = "key"
    MODEL = "model"
    CREDENTIAL = "credential"


_COLUMNS = {By.DAY: ("DAY", "day"), By.KEY: ("KEY", "key"), By.MODEL: ("MODEL", "model")}


def register(commands: typer.Typer) -> None:
    """Add the commands to the group."""
    commands.command(
        "usage",
        epilog=examples(
            "strongroom llm usage",
            "strongroom llm usage --by model --by key --from 2026-11-01",
            "strongroom llm usage --key app",
        ),
    )(usage)
    commands.command(
        "limit",
        epilog=examples(
            "strongroom llm limit app --per-day 200000",
            "strongroom llm limit app --per-month 4000000 --per-day none",
        ),
    )(limit)


def usage(
    ctx: typer.Context,
    by: Annotated[
        list[By] | None,
        typer.Option("--by", metavar="WHAT", help="What to tell apart: day, key, model, credential. Repeatable."),
    ] = None,
    begins: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, in UTC.")] = None,
    ends: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day; today if not.")] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="Of one gateway key, by name or id.")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="MODEL", help="Of one model of a vendor's.")] = None,
    credential: Annotated[
        str | None, typer.Option("--credential", metavar="ID", help="With one connection's secret.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how many tokens were used."""
    client = connection(ctx).client()
    groups = list(dict.fromkeys(by or [By.DAY]))
    query: list[tuple[str, object]] = [("group_by", each.value) for each in groups]
    query += [("from", begins), ("to", ends), ("model", model), ("credential", credential)]
    if key is not None:
        query.append(("key", find_key(client, key)["id"]))
    found = client.asked(USAGE, query, {"from": "--from", "to": "--to"})
    rows = found["data"]
    if not as_json and By.KEY in groups:
        names = {each["id"]: each["name"] for each in client.get(STANDINGS)["data"]}
        rows = [row | {"key": names.get(row["key_id"], row["key_id"])} for row in rows]
    columns = dict(_COLUMNS[each] for each in groups if each in _COLUMNS)
    columns |= {"CREDENTIAL": "connection_id"} if By.CREDENTIAL in groups else {}
    columns |= {
        "REQUESTS": "requests",
        "FAILED": "failed_requests",
        "INPUT": "input_tokens",
        "CACHED": "cached_tokens",
        "OUTPUT": "output_tokens",
        "UNTOLD": "untold_requests",
    }
    output.listing(rows, columns, as_json=as_json, none="nothing was used")
    if found["has_more"] and not as_json:
        output.note("there is more than is shown: ask for fewer days")


def limit(
    ctx: typer.Context,
    wanted: Wanted,
    per_day: Annotated[
        str | None,
        typer.Option("--per-day", metavar="TOKENS", help="So many a day, in UTC; `none` takes the limit away."),
    ] = None,
    per_month: Annotated[
        str | None, typer.Option("--per-month", metavar="TOKENS", help="So many a month, likewise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Limit what a key may take. What is not named stays as it is."""
    if per_day is None and per_month is None:
        raise typer.BadParameter("say how much, or `none`", param_hint="--per-day or --per-month")
    client = connection(ctx).client()
    key = find_key(client, wanted)
    body = {
        field: key[field] if given is None else _tokens(given, WORDS[field])
        for field, given in (("tokens_per_day", per_day), ("tokens_per_month", per_month))
    }
    limited = client.put(STANDINGS + path(key["id"], "limits"), body, WORDS)
    fields = {
        "id": "id",
        "name": "name",
        "today": "tokens_today",
        "a day": "tokens_per_day",
        "this month": "tokens_this_month",
        "a month": "tokens_per_month",
    }
    output.one(limited, fields, as_json=as_json)


def _tokens(text: str, option: str) -> int | None:
    if text == NONE:
        return None
    if not text.isascii() or not text.isdecimal():
        raise typer.BadParameter("must be a number of tokens, or `none`", param_hint=option)
    return int(text)
