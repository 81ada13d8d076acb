"""Frozen dataclasses to plain JSON values and back, by their field types alone.

Understands `str`, `int`, `bool`, `datetime`, `StrEnum`, `tuple[X, ...]`, nested dataclasses and `| None`. A new
credential kind is stored because its fields are of these types; nothing is registered.
"""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: object) -> Any:  # noqa: ANN401 - the shape follows the dataclass, not this function
    """Return the JSON form; datetimes as RFC 3339 UTC with microseconds."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    return value


def from_plain(shape: type[T], plain: object) -> T:
    """Rebuild a value written by `to_plain`. Raises `TypeError` or `ValueError` for anything else.

    A field that is absent has its default: what was stored before the field existed still reads.
    """
    return _read(shape, plain)  # type: ignore[no-any-return]


@cache
def hints(shape: type) -> dict[str, Any]:
    """Return the resolved field types of a dataclass, in order."""
    known = get_type_hints(shape)
    return {field.name: known[field.name] for field in fields(shape)}


def _read(shape: Any, plain: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(shape, UnionType):
        if plain is None:
            return None
        shape = next(option for option in get_args(shape) if option is not NoneType)
    if isinstance(shape, type) and is_dataclass(shape):
        if not isinstance(plain, dict):
            raise TypeError(f"expected the fields of {shape.__name__}")
        return shape(**{name: _read(hint, plain[name]) for name, hint in hints(shape).items() if name in plain})
    if get_origin(shape) is tuple:
        if not isinstance(plain, list):
            raise TypeError("expected a list")
        return tuple(_read(get_args(shape)[0], each) for each in plain)
    if shape is datetime:
        return read_time(plain)
    if issubclass(shape, Enum):
        return shape(plain)
    if not isinstance(plain, shape) or (isinstance(plain, bool) and shape is not bool):  # a bool is an int in Python
        raise TypeError(f"expected {shape.__name__}")
    return plain


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z` (contract anthropic-vaults 1.10)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def read_time(text: str) -> datetime:
    """Read what `write_time` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)
