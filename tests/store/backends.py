"""The databases that the contract is tested on. Adding one is a class and one line in `BACKENDS`."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import Protocol, final

from strongroom.core.sources import Clock
from strongroom.services.ports import Store
from strongroom.store import open_store
from tests.store.fresh import laid


class Backend(Protocol):
    """A database of its own for one test."""

    def open(self, clock: Clock) -> AbstractAsyncContextManager[Store]:
        """Open it, as one more node would."""

    def tamper(self, statement: str, *parameters: object) -> None:
        """Change rows behind the store's back."""


@final
class Sqlite:
    """A file."""

    def __init__(self, directory: Path) -> None:
        self.path = laid(directory / "strongroom.db")

    def open(self, clock: Clock) -> AbstractAsyncContextManager[Store]:
        return open_store(self.path, clock=clock)

    def tamper(self, statement: str, *parameters: object) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, parameters)


BACKENDS: dict[str, Callable[[Path], Backend]] = {
    "sqlite": Sqlite,
}
