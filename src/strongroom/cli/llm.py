"""`strongroom llm`: vendors of models, whose keys stay here; applications get keys of the gateway."""

from typing import Annotated

import typer

from strongroom.cli import llm_keys, llm_usage, output
from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint, Refusal
from strongroom.cli.llm_secrets import keeps_secret, read_secret
from strongroom.cli.options import AsJson, connection, examples, group
from strongroom.cli.values import FromFile, FromStdin

ADMIN = path("api", "llm-gateway", "admin")
CONNECTIONS = ADMIN + path("connections")
PROVIDERS = ADMIN + path("providers")
MAPPINGS = ADMIN + path("model-mappings")
WORDS = {
    "name": "--name",
    "model_provider": "VENDOR",
    "auth_type": "--auth-type",
    "base_url": "--base-url",
    "settings": "--setting",
    "api_key": "the secret",
    "credentials": "the secret",
    "models": "--model",
    "model_alias": "--model",
    "upstream_model": "--model",
}
FIELDS = {
    "name": "name",
    "vendor": "model_provider",
    "connection": "connection_id",
    "provider": "provider_id",
    "base url": "base_url",
    "key ends with": "key_last4",
    "models": "models",
}

commands = group(help="Vendors of models, whose keys stay here.")
commands.add_typer(llm_keys.commands, name="key")
llm_usage.register(commands)

_CANNOT_BE_TESTED = 400

Wanted = Annotated[str, typer.Argument(metavar="NAME", help="A name or id, as `strongroom llm list` shows it.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="A model of the vendor's to make usable, or ALIAS=MODEL to have it by another name. Repeatable.",
    ),
]


@commands.command(
    "add",
    epilog=examples(
        "strongroom llm add openai --model gpt-5 --value-file key.txt",
        "strongroom llm add anthropic --name claude --model fast=claude-haiku-4-5",
        "strongroom llm add bedrock --auth-type aws_keys --setting region=us-east-1 --value-file keys.json",
    ),
)
def add(
    ctx: typer.Context,
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="Such as openai, anthropic, bedrock, custom.")],
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call it; VENDOR if not.")] = None,
    auth_type: Annotated[
        str | None,
        typer.Option("--auth-type", metavar="TYPE", help="How to authenticate; the vendor's usual way if not."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Where it is; the vendor's own place if not.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--setting", metavar="KEY=VALUE", help="Such as region=us-east-1. Repeatable.")
    ] = None,
    models: Models = None,
    from_stdin: FromStdin = False,
    from_file: FromFile = None,
    as_json: AsJson = False,
) -> None:
    """Store a vendor's secret, and make its models usable.

    A secret of several parts, such as AWS keys, is a JSON object of them.
    """
    named = [_aliased(each) for each in models or []]
    name = name or vendor
    body: dict[str, object] = {"name": name, "model_provider": vendor}
    body |= {field: value for field, value in (("auth_type", auth_type), ("base_url", base_url)) if value is not None}
    body["settings"] = dict(_pair(each) for each in settings or [])
    if keeps_secret(vendor, auth_type):
        body |= read_secret(vendor, auth_type, name, from_stdin=from_stdin, from_file=from_file)
    client = connection(ctx).client()
    made = client.post(CONNECTIONS, body, WORDS)
    try:
        provider = client.post(
            PROVIDERS, {"name": name, "model_provider": vendor, "base_url": "", "connection_id": made["id"]}, WORDS
        )
    except Refusal:
        client.delete(CONNECTIONS + path(made["id"]))  # so that the command can be typed again
        raise
    for alias, model in named:
        _enable(client, provider["id"], alias, model)
    shown = made | {"connection_id": made["id"], "provider_id": provider["id"], "models": [alias for alias, _ in named]}
    shown["base_url"] = provider["base_url"]
    output.one(shown, FIELDS, as_json=as_json)
    if not as_json:
        _tell_how(client, name, [alias for alias, _ in named])


@commands.command(
    "enable",
    epilog=examples("strongroom llm enable openai gpt-5", "strongroom llm enable claude fast=claude-haiku-4-5"),
)
def enable(
    ctx: typer.Context,
    wanted: Wanted,
    models: Annotated[list[str], typer.Argument(metavar="MODEL…", help="As for --model of `strongroom llm add`.")],
    as_json: AsJson = False,
) -> None:
    """Make models of a vendor usable."""
    named = [_aliased(each) for each in models]
    client = connection(ctx).client()
    provider = _provider(client, wanted)
    made = [_enable(client, provider["id"], alias, model) for alias, model in named]
    columns = {"MODEL": "model_alias", "OF VENDOR": "upstream_model", "ID": "id"}
    output.listing(made, columns, as_json=as_json, none="no models")


@commands.command("list", epilog=examples("strongroom llm list"))
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the vendors, with their models.

    Of each secret only how it ends.
    """
    client = connection(ctx).client()
    ends = {each["id"]: each["key_last4"] for each in client.listed(CONNECTIONS)}
    models: dict[str, list[str]] = {}
    for each in client.listed(MAPPINGS):
        name = each["model_alias"] if each["bare_alias"] else f"{each['provider_name']}/{each['upstream_model']}"
        models.setdefault(each["provider_id"], []).append(name)
    found = [
        each | {"key_last4": ends.get(each["connection_id"]), "models": models.get(each["id"], [])}
        for each in client.listed(PROVIDERS)
    ]
    columns = {
        "NAME": "name",
        "VENDOR": "model_provider",
        "BY": "auth_type",
        "KEY": "key_last4",
        "URL": "base_url",
        "HEALTH": "health_status",
        "MODELS": "models",
        "ID": "id",
    }
    output.listing(found, columns, as_json=as_json, none="no vendors of models: `strongroom llm add openai` adds one")


@commands.command("test", epilog=examples("strongroom llm test", "strongroom llm test openai"))
def try_(
    ctx: typer.Context,
    wanted: Annotated[str | None, typer.Argument(metavar="NAME", help="Which one; all if not.")] = None,
    as_json: AsJson = False,
) -> None:
    """See whether vendors accept their secrets.

    Each is asked for the list of its models, which costs nothing; a cloud, whether it knows the identity. The exit code
    is 1 if one of them does not answer well.
    """
    client = connection(ctx).client()
    found = client.listed(PROVIDERS) if wanted is None else [_provider(client, wanted)]
    told = [_tested(client, each) for each in found]
    columns = {
        "NAME": "name",
        "OUTCOME": "outcome",
        "STATUS": "status",
        "MODELS": "models",
        "NOT LISTED": "missing_models",
        "BECAUSE": "because",
    }
    output.listing(told, columns, as_json=as_json, none="no vendors of models")
    if any(each["outcome"] not in {"ok", "untested"} for each in told):
        raise typer.Exit(1)


@commands.command("rotate", epilog=examples("strongroom llm rotate openai --value-file new-key.txt"))
def rotate(
    ctx: typer.Context,
    wanted: Wanted,
    from_stdin: FromStdin = False,
    from_file: FromFile = None,
    as_json: AsJson = False,
) -> None:
    """Replace a vendor's secret.

    The next request uses the new one, and none fails. Every provider of the same connection gets it.
    """
    client = connection(ctx).client()
    held = _connection(client, wanted)
    secret = read_secret(held["model_provider"], held["auth_type"], wanted, from_stdin=from_stdin, from_file=from_file)
    rotated = client.put(CONNECTIONS + path(held["id"]), secret, WORDS)
    fields = {"connection": "id", "name": "name", "key ends with": "key_last4", "rotated": "updated_at"}
    output.one(rotated, fields, as_json=as_json)


def _tested(client: Client, provider: Json) -> Json:
    try:
        answer: Json = client.post(path("strongroom", "v1", "llm-providers", provider["id"], "test"))
    except Refusal as refusal:
        if refusal.status != _CANNOT_BE_TESTED:
            raise
        return {"provider_id": provider["id"], "name": provider["name"], "outcome": "untested", "because": str(refusal)}
    return answer


def _enable(client: Client, provider: str, alias: str, model: str) -> Json:
    place = {"provider_id": provider, "upstream_model": model}
    client.post(MAPPINGS, {**place, "model_alias": model, "kind": "model"}, WORDS)
    made: Json = client.post(MAPPINGS, {**place, "model_alias": alias, "kind": "route", "bare_alias": True}, WORDS)
    return made


def _provider(client: Client, wanted: str) -> Json:
    for each in client.listed(PROVIDERS):
        if wanted == each["id"] or wanted.casefold() == each["name"].casefold():
            return each
    raise Complaint(f"no vendor of models is called {wanted}: `strongroom llm list` shows them")


def _connection(client: Client, wanted: str) -> Json:
    """Return the connection of that name or id, or that of a provider of that name."""
    held = client.listed(CONNECTIONS)
    for each in held:
        if wanted == each["id"] or wanted.casefold() == each["name"].casefold():
            return each
    behind = _provider(client, wanted)["connection_id"]
    for each in held:
        if each["id"] == behind:
            return each
    raise Complaint(f"{wanted} has no secret here: its clients bring their own")


def _aliased(text: str) -> tuple[str, str]:
    alias, equals, model = text.partition("=")
    if not alias or (equals and not model):
        raise typer.BadParameter("must be MODEL or ALIAS=MODEL", param_hint="--model")
    return alias, model or alias


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter("must be KEY=VALUE", param_hint="--setting")
    return key, value


def _tell_how(client: Client, name: str, models: list[str]) -> None:
    if not models:
        output.note(f"none of its models is usable yet: strongroom llm enable {name} MODEL")
    output.note("make a key for an application: strongroom llm key create --name app")
    output.note(
        f"OpenAI's clients use base URL {client.server}/api/llm-gateway/v1, Anthropic's {client.server}/api/llm-gateway"
    )
