"""From what people type to the thing they mean: an id, or a name if only one has it."""

from collections.abc import Sequence

from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint, Refusal

DEFAULT_VAULT = "default"
ALL_VAULTS = path("strongroom", "v1", "vaults")
"""Those of every purpose; the vendor's list shows the general ones."""
_NOT_FOUND = 404


def find_vault(client: Client, wanted: str, *, archived: bool = False) -> Json:
    """Return the vault with that id or name; an active one before an archived one."""
    found = _by_id(client, path("v1", "vaults"), wanted)
    return found or _named(client, "vault", (ALL_VAULTS,), wanted, ("display_name",), archived=archived)


def vault_to_add_to(client: Client, wanted: str) -> Json | None:
    """Return the vault, or None for a default one that has to be made once there is something for it."""
    if wanted == DEFAULT_VAULT and all(
        vault["display_name"] != DEFAULT_VAULT for vault in client.every(path("v1", "vaults"))
    ):
        return None
    return find_vault(client, wanted)


def find_environment(client: Client, wanted: str) -> Json:
    """Return the environment with that id or name."""
    return _find(client, "environment", (path("v1", "environments"),), wanted, ("name",), archived=True)


def find_credential(client: Client, vault: Json, wanted: str, *, archived: bool = False) -> Json:
    """Return the vault's credential with that id or variable name; others go by display name or server."""
    fields = ("auth.secret_name", "display_name", "auth.mcp_server_url", "mcp_server_url")
    places = (credentials_of(vault), aws_keys_of(vault), agent_identities_of(vault), logins_of(vault))
    return _find(client, "credential", places, wanted, fields, archived=archived)


def credentials_of(vault: Json) -> str:
    """Return the path of a vault's credentials."""
    return path("v1", "vaults", vault["id"], "credentials")


def aws_keys_of(vault: Json) -> str:
    """Return the path of a vault's AWS keys, which the vendor's API has no words for."""
    return path("strongroom", "v1", "vaults", vault["id"], "aws-keys")


def agent_identities_of(vault: Json) -> str:
    """Return the path of a vault's agent identities, likewise."""
    return path("strongroom", "v1", "vaults", vault["id"], "agent-identities")


def logins_of(vault: Json) -> str:
    """Return the path of a vault's logins, cards and secrets, likewise."""
    return path("strongroom", "v1", "vaults", vault["id"], "logins")


def place_of(vault: Json, credential: Json) -> str:
    """Return the path of a credential that was found in a vault."""
    if "auth" in credential:
        return credentials_of(vault) + path(credential["id"])
    where = {"agent_identity": agent_identities_of, "aws_keys": aws_keys_of}.get(credential["kind"], logins_of)
    return where(vault) + path(credential["id"])


def _find(
    client: Client, noun: str, places: Sequence[str], wanted: str, fields: tuple[str, ...], *, archived: bool
) -> Json:
    for where in places:
        found = _by_id(client, where, wanted)
        if found is not None:
            return found
    return _named(client, noun, places, wanted, fields, archived=archived)


def _named(
    client: Client, noun: str, places: Sequence[str], wanted: str, fields: tuple[str, ...], *, archived: bool
) -> Json:
    for include_archived in (False, True) if archived else (False,):
        things = [thing for where in places for thing in client.every(where, include_archived=include_archived)]
        for field in fields:
            named = [thing for thing in things if _at(thing, field) == wanted]
            if len(named) > 1:
                ids = ", ".join(thing["id"] for thing in named)
                raise Complaint(f"several {noun}s are named {wanted}: name one by its id ({ids})")
            if named:
                return named[0]
    raise Complaint(f"there is no {noun} {wanted}: see `strongroom {noun} list`")


def _by_id(client: Client, where: str, wanted: str) -> Json | None:
    if "_" not in wanted:  # every id has a prefix with an underscore
        return None
    try:
        found: Json = client.get(where + path(wanted))
    except Refusal as refusal:
        if refusal.status == _NOT_FOUND:
            return None
        raise
    return found


def _at(thing: Json, field: str) -> object:
    outer, _, inner = field.rpartition(".")
    return (thing.get(outer, {}) if outer else thing).get(inner)
