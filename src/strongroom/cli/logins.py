"""Logins, cards and secrets at the command line: read field by field, a pipe or a file, and shown without values."""

import json
from typing import Annotated

import typer

from strongroom.cli.adding import Adder, Kind, Said
from strongroom.cli.client import Client, Json
from strongroom.cli.complaint import Complaint
from strongroom.cli.lookups import logins_of
from strongroom.core.custodians import NAMES
from strongroom.core.secret import Secret

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
    "custodian": "--custodian",
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
CustodianName = Annotated[
    str | None,
    typer.Option(
        "--custodian",
        metavar="NAME",
        help=f"For password, credit_card and secret: who keeps it: {', '.join(NAMES)}. Without it, as the server is "
        "set up.",
    ),
]


def read_fields(said: Said) -> Json:
    """Return the fields as the API has them, asked for one by one or taken from where the command was told."""
    texts = {"username": said.username, "card_brand": said.brand, "secret_label": said.label}
    plain: Json = {field: text for field, text in texts.items() if text is not None}
    name, read, asks = said.name, said.source.read, said.source.asks
    if said.fields or (said.kind is Kind.CREDIT_CARD and not asks):
        return _object(read(f"the fields of {name}, as JSON")) | plain
    if said.kind is Kind.CREDIT_CARD:
        return {field: read(f"the {word} of {name}").reveal() for field, word in _CARD_FIELDS.items()} | plain
    if said.kind is Kind.SECRET:
        return {"secret_value": read(name).reveal()} | plain
    if not said.totp:
        return {"password": read(f"the password of {name}").reveal()} | plain
    if asks:
        password, key = read(f"the password of {name}").reveal(), read(f"the authenticator key of {name}").reveal()
    else:
        password, _, key = read(name).reveal().partition("\n")
        if not key.strip():
            raise Complaint("there is no second line with the authenticator key")
    return {"password": password.removesuffix("\r"), "totp": key, "totp_type": "authenticator"} | plain


def _check(said: Said) -> None:
    if said.url is not None or said.unrestricted or said.imitate:
        raise typer.BadParameter(
            f"{said.kind.value} is put in field by field: give neither --url, --unrestricted nor --imitate",
            param_hint="--kind",
        )
    if said.hosts and said.site:
        raise typer.BadParameter("say either which hosts, or --site", param_hint="--site")
    if not said.hosts and not said.site:
        raise typer.BadParameter(
            "say where it may go: --site with the URL of the page that asks, or --host (repeatable)",
            param_hint="--site",
        )


def _ask(said: Said) -> Json:
    asked = {
        "credential": {"type": said.kind.value} | read_fields(said),
        "site": said.site,
        "hosts": said.hosts,
        "surfaces": None if said.header and said.body else said.surfaces,
        "custodian": said.custodian,
        "display_name": said.title,
        "metadata": said.metadata,
    }
    return {field: value for field, value in asked.items() if value is not None}


def _store(client: Client, vault: Json, asked: Json) -> Json:
    made: Json = client.post(logins_of(vault), asked, _WORDS)
    return made


ADDER = Adder(_check, _ask, _store)


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
