"""`file:` and `file:/path`: the root key is 32 random bytes in a file, one line of text.

The file is all that opens the database. It is made once, for its owner alone, and belongs into a
backup of its own.
"""

import base64
from pathlib import Path

from strongroom.core.failures import NotReady
from strongroom.crypto.aead import KEY_BYTES
from strongroom.crypto.keyring import KekHolder
from strongroom.custody.kek.asked import KekAsked
from strongroom.custody.kek.files import read_own, write_new
from strongroom.custody.kek.local import LocalKek
from strongroom.custody.kek.missing import OWN_FILES, missing

FILE_NAME = OWN_FILES["file"]
FORMAT = "strongroom-root-key-1:"
_NOUN = "root key file"


async def open_file(asked: KekAsked) -> KekHolder:
    """Open the key file, making it first where that is asked for. Raises `NotReady`."""
    path = Path(asked.rest) if asked.rest else asked.data_dir / FILE_NAME
    line = read_own(path, noun=_NOUN)
    if line is None:
        if not asked.create:
            raise missing("file", path, noun=_NOUN, data_dir=asked.data_dir)
        line = f"{FORMAT}{base64.b64encode(asked.entropy(KEY_BYTES)).decode()}\n"
        write_new(path, line, noun=_NOUN)
    return LocalKek(key=_key(line, path), entropy=asked.entropy)


def _key(line: str, path: Path) -> bytes:
    encoded = line.strip().removeprefix(FORMAT)
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if not line.startswith(FORMAT) or len(key) != KEY_BYTES:
        raise NotReady(f"the {_NOUN} {path} is damaged: put an undamaged copy in its place")
    return key
