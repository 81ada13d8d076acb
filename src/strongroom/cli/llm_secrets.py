"""The secret of a vendor of models, read and put into the fields that the API takes it in."""

import json
from pathlib import Path

from strongroom.cli.values import read_value
from strongroom.core.llm.schemes import WAYS, Scheme

_GOOGLE_FILE = "service_account"


def keeps_secret(vendor: str, auth_type: str | None) -> bool:
    """Whether a connection of that kind has a secret at all; the server judges names that nobody knows."""
    ways = WAYS.get(vendor, {})
    way = ways.get(auth_type or next(iter(ways), ""))
    return way is None or way.scheme.keeps_material


def read_secret(
    vendor: str, auth_type: str | None, name: str, *, from_stdin: bool, from_file: Path | None
) -> dict[str, object]:
    """Return the fields of a body that hold the secret.

    One text is a key. Where several belong together, they are a JSON object; a file with which Google describes a
    service account is taken as it is.
    """
    value = read_value(name, from_stdin=from_stdin, from_file=from_file).reveal()
    ways = WAYS.get(vendor, {})
    way = ways.get(auth_type or next(iter(ways), ""))
    if way is not None and way.scheme.is_plain_key:
        return {"api_key": value}
    fields = _object(value)
    if fields is None:
        return {"api_key": value}
    if way is not None and way.scheme is Scheme.GOOGLE_SERVICE_ACCOUNT and fields.get("type") == _GOOGLE_FILE:
        return {"credentials": {"service_account_json": value}}
    return {"credentials": fields}


def _object(text: str) -> dict[str, object] | None:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
