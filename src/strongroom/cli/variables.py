"""Environment variables at the command line."""

from strongroom.cli.adding import Adder, Said, require_reach
from strongroom.cli.client import Client, Json, path
from strongroom.cli.lookups import credentials_of

_WORDS = {
    "name": "NAME",
    "value": "the secret",
    "hosts": "--host",
    "surfaces": "--header and --body",
    "placeholder": "--imitate",
    "display_name": "--display-name",
    "metadata": "--metadata",
}


def _check(said: Said) -> None:
    require_reach(said)
    _ = said.surfaces


def _ask(said: Said) -> Json:
    return {
        "name": said.name,
        "value": said.source.read(said.name).reveal(),
        "hosts": None if said.unrestricted else said.hosts,
        "surfaces": said.surfaces,
        "placeholder": "imitate" if said.imitate else "opaque",
        "display_name": said.display_name,
        "metadata": said.metadata,
    }


def _store(client: Client, vault: Json, asked: Json) -> Json:
    made = client.post(path("strongroom", "v1", "vaults", vault["id"], "credentials"), asked, _WORDS)
    described: Json = client.get(credentials_of(vault) + path(made["id"]))
    return described


VARIABLES = Adder(_check, _ask, _store)
