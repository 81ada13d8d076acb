"""Write the whole schema of a new SQLite database (`strongroom/store/whole_schema.sql`) anew: after a new migration."""

import sqlite3
from typing import cast

from sqlalchemy import create_engine

from strongroom.store.migrations import upgrade
from strongroom.store.whole_schema import WHERE, written

with create_engine("sqlite://").connect() as connection:
    upgrade(connection)
    database = cast("sqlite3.Connection", connection.connection.driver_connection)
    WHERE.write_text(written(database), encoding="utf-8")
