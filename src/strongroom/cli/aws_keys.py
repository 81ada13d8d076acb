"""AWS keys as people have them: what `aws configure export-credentials` prints, a profile, or the secret key alone."""

import configparser
import json
import re
from collections.abc import Mapping

import typer

from strongroom.cli.adding import Adder, Said, require_reach
from strongroom.cli.client import Client, Json
from strongroom.cli.complaint import Complaint
from strongroom.cli.lookups import aws_keys_of
from strongroom.core.secret import Secret

WORDS = {
    "access_key_id": "the access key id",
    "secret_access_key": "the secret",
    "session_token": "the session token",
    "hosts": "--host",
    "display_name": "NAME",
    "metadata": "--metadata",
}
_NAMES = {
    "access_key_id": "access_key_id",
    "accesskeyid": "access_key_id",
    "secret_access_key": "secret_access_key",
    "secretaccesskey": "secret_access_key",
    "session_token": "session_token",
    "sessiontoken": "session_token",
}
"""In any case, with or without `aws_` in front: as JSON, profiles and variables have them."""
_PROFILE = "[profile]\n"


def read_keys(value: Secret, *, access_key_id: str | None) -> Json:
    """Return the keys by the names that the API has. Raises `Complaint` where one is missing.

    No message quotes what was read.
    """
    text = value.reveal().strip()
    found = _json(text) if text.startswith("{") else _assigned(text) if "=" in text and "\n" in text else {}
    keys = {ours: given for name, given in found.items() if (ours := _NAMES.get(name.lower().removeprefix("aws_")))}
    if not keys and access_key_id is not None and not re.search(r"\s", text):
        keys = {"secret_access_key": text}
    if access_key_id is not None:
        keys["access_key_id"] = access_key_id
    if not {"access_key_id", "secret_access_key"} <= keys.keys():
        raise Complaint(
            "this is no pair of AWS keys: give what `aws configure export-credentials` prints, or lines with "
            "aws_access_key_id and aws_secret_access_key, or the secret key alone with --access-key-id"
        )
    return dict(keys)


def _json(text: str) -> Mapping[str, str]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    inner = read.get("Credentials", read)  # as `aws sts` prints them
    return {name: given for name, given in inner.items() if isinstance(given, str)} if isinstance(inner, dict) else {}


def _assigned(text: str) -> Mapping[str, str]:
    """Return what `NAME=value` lines say, of one profile at most."""
    parsed = configparser.RawConfigParser(strict=True, delimiters=("=",), comment_prefixes=("#", ";"))
    plain = "\n".join(re.sub(r"^\s*export\s+", "", line) for line in text.splitlines())
    try:
        parsed.read_string(plain if plain.lstrip().startswith("[") else _PROFILE + plain)
    except configparser.Error:
        return {}
    sections = parsed.sections()
    if len(sections) != 1:
        raise Complaint("there are several profiles: give one")
    return {name: given.strip("\"'") for name, given in parsed.items(sections[0])}


def _check(said: Said) -> None:
    require_reach(said)
    if said.imitate or not (said.header and said.body):
        raise typer.BadParameter(
            "AWS keys only sign: give neither --imitate, --no-header nor --no-body", param_hint="--kind"
        )


def _ask(said: Said) -> Json:
    keys = read_keys(said.source.read(said.name), access_key_id=said.access_key_id)
    hosts = None if said.unrestricted else said.hosts
    return keys | {"hosts": hosts, "display_name": said.title, "metadata": said.metadata}


def _store(client: Client, vault: Json, asked: Json) -> Json:
    made: Json = client.post(aws_keys_of(vault), asked, WORDS)
    return made


AWS_KEYS = Adder(_check, _ask, _store)
