"""Column types that mean, hold and sort the same on every backend.

A moment is a whole number of microseconds since 1970 in UTC: exact, and in order by itself. An id
is compared byte by byte. JSON is text that we write and read ourselves: no database looks into it.
"""
# ruff: noqa: ANN401, ARG002 - the signatures are SQLAlchemy's

from datetime import UTC, datetime, timedelta
from typing import Any, final

import msgspec
from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from strongroom.core.failures import Unreadable
from strongroom.core.overriding import override

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

ID = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Lists are ordered by it where times are equal, so its order must not depend on a locale."""


def moment(microseconds: Any) -> datetime:
    """Read a moment. Raises `Unreadable`."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except (TypeError, OverflowError):
        raise Unreadable("a time in the database is not as it was written") from None


@final
class Moment(TypeDecorator[datetime]):
    """A datetime with a zone, as microseconds. It comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


def parsed(text: Any) -> Any:
    """Read a JSON text. Raises `Unreadable`."""
    try:
        return msgspec.json.decode(text)
    except (TypeError, msgspec.DecodeError):
        raise Unreadable("a JSON text in the database is not as it was written") from None


@final
class Json(TypeDecorator[Any]):
    """A JSON value as text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return msgspec.json.encode(value).decode()

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return parsed(value)
