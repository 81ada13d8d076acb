"""`passphrase:`: the root key is derived from words that an operator knows, and is in no file.

Beside the database lies what the derivation needs and what is not secret: the salt and the costs.
Whoever changes that file locks us out, and learns nothing.
"""

import base64
import json
from pathlib import Path

from strongroom.core.failures import NotReady
from strongroom.core.fields import from_plain, to_plain
from strongroom.core.secret import Secret
from strongroom.crypto.keyring import KekHolder
from strongroom.crypto.passwords import SALT_BYTES, Costs, derive_key
from strongroom.custody.kek.asked import KekAsked
from strongroom.custody.kek.files import read_own, write_new
from strongroom.custody.kek.local import LocalKek
from strongroom.custody.kek.missing import OWN_FILES, missing

FILE_NAME = OWN_FILES["passphrase"]
FORMAT = "strongroom-root-passphrase-1"
_NOUN = "passphrase salt file"
_MAX_COSTS = Costs(passes=64, memory_kib=4 * 1024 * 1024, lanes=64)
"""More than anyone chose: a file that asks for more is damaged, and must not take the machine down."""


def salt_file(rest: str, data_dir: Path) -> Path:
    """Return where the salt lies."""
    return Path(rest) if rest else data_dir / FILE_NAME


async def open_passphrase(asked: KekAsked) -> KekHolder:
    """Derive the key, choosing a salt first where that is asked for. Raises `NotReady`."""
    path = salt_file(asked.rest, asked.data_dir)
    text = read_own(path, noun=_NOUN)
    if text is None and not asked.create:
        raise missing("passphrase", path, noun=_NOUN, data_dir=asked.data_dir)
    passphrase = _asked_for(asked)
    if text is None:
        text = _write(salt=asked.entropy(SALT_BYTES), costs=asked.costs)
        write_new(path, text, noun=_NOUN)
    salt, costs = _read(text, path)
    return LocalKek(key=derive_key(passphrase, salt=salt, costs=costs), entropy=asked.entropy)


def _asked_for(asked: KekAsked) -> Secret:
    passphrase = asked.passphrase() if asked.passphrase else Secret("")
    if passphrase == Secret(""):
        raise NotReady("a passphrase is needed: set STRONGROOM_ROOT_PASSPHRASE, or start from a terminal")
    return passphrase


def _write(*, salt: bytes, costs: Costs) -> str:
    plain = {"format": FORMAT, "salt": base64.b64encode(salt).decode(), "argon2id": to_plain(costs)}
    return json.dumps(plain) + "\n"


def _read(text: str, path: Path) -> tuple[bytes, Costs]:
    try:
        plain = json.loads(text)
        salt = base64.b64decode(plain["salt"], validate=True)
        costs = from_plain(Costs, plain["argon2id"])
        sound = plain["format"] == FORMAT and len(salt) == SALT_BYTES and _affordable(costs)
    except (KeyError, TypeError, ValueError):
        sound, salt, costs = False, b"", _MAX_COSTS
    if not sound:
        raise NotReady(f"the {_NOUN} {path} is damaged: put an undamaged copy in its place")
    return salt, costs


def _affordable(costs: Costs) -> bool:
    return (
        1 <= costs.passes <= _MAX_COSTS.passes
        and 1 <= costs.lanes <= _MAX_COSTS.lanes
        and 8 * costs.lanes <= costs.memory_kib <= _MAX_COSTS.memory_kib
    )
