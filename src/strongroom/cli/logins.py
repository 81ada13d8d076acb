"""Logins, cards and secrets at the command line: read field by field, a pipe or a file, and shown without values."""

import json
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from strongroom.cli.client import Client, Json
from strongroom.cli.complaint import Complaint
from strongroom.cli.lookups import logins_of
from strongroom.core.secret import Secret

KINDS = ("password", "credit_card", "secret")
FIELDS = {
    "id": "id",
    "vault": "vault_id",
    "kind": "kind",
    "display name": "display_name",
    "username": "username",
    "second factor": "totp_type",
    "codes go to": "totp_identifier",
    "makes codes": "has_totp",
    "last four": "last_four",
    "brand": "brand",
    "label": "label",
    "variables": "variables",
    "site": "site",
    "hosts": "hosts",
    "kept with": "custodian",
    "metadata": "metadata",
    "created": "created_at",
    "updated": "updated_at",
    "archived": "archived_at",
}
_WORDS = {
    "credential": "the fields",
    "credential.username": "--username",
    "credential.password": "the password",
    "credential.totp": "the authenticator key",
    "credential.secret_value": "the secret",
    "credential.secret_label": "--label",
    "credential.card_brand": "--brand",
    "display_name": "NAME",
    "site": "--site",
    "hosts": "--host",
    "metadata": "--metadata",
}
_CARD_FIELDS = {
    "card_number": "number",
    "card_holder_name": "holder's name",
    "card_exp_month": "month of expiry",
    "card_exp_year": "year of expiry",
    "card_cvv": "security code",
}

Username = Annotated[str | None, typer.Option("--username", metavar="TEXT", help="For password: who signs in.")]
SiteUrl = Annotated[
    str | None,
    typer.Option("--site", metavar="URL", help="For password, credit_card and secret: the one site it is for."),
]
Brand = Annotated[str | None, typer.Option("--brand", metavar="TEXT", help="For credit_card: its brand.")]
Label = Annotated[str | None, typer.Option("--label", metavar="TEXT", help="For secret: what its owner calls it.")]
WithTotp = Annotated[
    bool,
    typer.Option("--totp", help="For password: the authenticator key follows, asked for or as the second line."),
]
AsFields = Annotated[
    bool,
    typer.Option("--fields", help="What is read is a JSON object of fields, as for credit_card from a pipe or a file."),
]
Read = Callable[[str], Secret]
"""Reads a value by its name: from where the caller said, or at the terminal."""


def read_fields(
    read: Read,
    kind: str,
    name: str,
    *,
    asks: bool,
    totp: bool,
    fields: bool,
    username: str | None = None,
    brand: str | None = None,
    label: str | None = None,
) -> Json:
    """Return the fields as the API has them. `asks` says that values are asked for at the terminal, one by one."""
    said = {"username": username, "card_brand": brand, "secret_label": label}
    plain: Json = {field: text for field, text in said.items() if text is not None}
    if fields or (kind == "credit_card" and not asks):
        return _object(read(f"the fields of {name}, as JSON")) | plain
    if kind == "credit_card":
        return {field: read(f"the {word} of {name}").reveal() for field, word in _CARD_FIELDS.items()} | plain
    if kind == "secret":
        return {"secret_value": read(name).reveal()} | plain
    if not totp:
        return {"password": read(f"the password of {name}").reveal()} | plain
    if asks:
        password, key = read(f"the password of {name}").reveal(), read(f"the authenticator key of {name}").reveal()
    else:
        password, _, key = read(name).reveal().partition("\n")
        if not key.strip():
            raise Complaint("there is no second line with the authenticator key")
    return {"password": password.removesuffix("\r"), "totp": key, "totp_type": "authenticator"} | plain


def asks_at_terminal(*sources: object) -> bool:
    """Tell whether values are asked for, since no source of them was named."""
    return not any(sources) and sys.stdin.isatty()


def require_for_kind(kind: str, *, url: str | None, hosts: list[str] | None, site: str | None, others: bool) -> None:
    """End the command for options that these kinds do not have."""
    if url is not None or others:
        raise typer.BadParameter(
            f"{kind} is put in field by field: give neither --url, --unrestricted nor --imitate", param_hint="--kind"
        )
    if hosts and site:
        raise typer.BadParameter("say either which hosts, or --site", param_hint="--site")
    if not hosts and not site:
        raise typer.BadParameter(
            "say where it may go: --site with the URL of the page that asks, or --host (repeatable)",
            param_hint="--site",
        )


def add_login(client: Client, vault: Json, kind: str, asked: Json) -> Json:
    """Store one."""
    body = {field: value for field, value in asked.items() if value is not None}
    body["credential"] = {"type": kind} | asked["credential"]
    made: Json = client.post(logins_of(vault), body, _WORDS)
    return made


def change_login(client: Client, where: str, fields: Json) -> Json:
    """Replace fields of one."""
    changed: Json = client.post(where, {"credential": fields}, _WORDS)
    return changed


def _object(text: Secret) -> Json:
    try:
        read = json.loads(text.reveal())
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Complaint("what was read is no JSON object of fields")
    return read
