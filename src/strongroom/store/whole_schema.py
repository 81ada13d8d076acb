"""The whole schema of a new SQLite database, as the migrations leave it: to walk them all takes half a second of CPU.

`make schema` writes the file beside this one from a database that has walked them; a test holds it to be the same.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection

WHERE = Path(__file__).with_name("whole_schema.sql")
_BETWEEN = "\n\n"
_BEGIN, _COMMIT = "BEGIN TRANSACTION;", "COMMIT;"


def lay(connection: Connection) -> None:
    """Lay it in an empty database, in the transaction that the connection is in."""
    for statement in WHERE.read_text(encoding="utf-8").rstrip().split(_BETWEEN):
        connection.exec_driver_sql(statement)


def written(database: sqlite3.Connection) -> str:
    """Return what lays a database as this one is: tables, their rows, and indexes, word for word."""
    statements = [each for each in database.iterdump() if each not in {_BEGIN, _COMMIT}]
    return _BETWEEN.join(statements) + "\n"
