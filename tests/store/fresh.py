"""A database as a first start leaves it, made once and copied: many hundreds begin.

How a start makes one is shown by `test_whole_schema.py`, and done by every server that a test starts.
"""

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import URL, create_engine

from strongroom.store import schema

_MODE = 0o600


def laid(path: Path) -> Path:
    """Lay an empty database of this release's schema there; return the path."""
    path.touch(mode=_MODE, exist_ok=False)
    path.write_bytes(_migrated())
    return path


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        engine = create_engine(URL.create("sqlite", database=str(path)))
        with engine.begin() as connection:
            schema.migrate(connection)
        engine.dispose()
        return path.read_bytes()
