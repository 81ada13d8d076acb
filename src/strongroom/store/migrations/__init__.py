"""The way from each schema to the next. Files in `versions/` are never changed once released."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_HERE = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Run all migrations that the database lacks, in the transaction that the connection is in."""
    command.upgrade(configured(connection), "head")


def configured(connection: Connection) -> Config:
    """Return Alembic's configuration for a connection."""
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
