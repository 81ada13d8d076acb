"""Material to the bytes that are sealed, and back: the one codec that reveals secrets to seal them.

Derived from the field types of a kind's `material` class, so a new kind needs nothing here. What else is sealed with
secrets in it (an authorization under way) is written the same way.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin

from strongroom.core.credentials import Kind, Material
from strongroom.core.failures import Unreadable
from strongroom.core.fields import from_plain, hints, to_plain
from strongroom.core.secret import Secret

T = TypeVar("T")


def write_material(material: Material) -> bytes:
    """Return the JSON to seal; fields that are None are left out."""
    return write_fields(material)


def read_material(kind: Kind, written: bytes) -> Material:
    """Rebuild the material of a kind. Raises `Unreadable` if it was not written for this kind."""
    what = f"material is not that of the kind {kind.tag}"
    material: Material = read_fields(cast("type", kind.material), written, what=what)
    return material


def write_fields(sealed: object) -> bytes:
    """Return the JSON of any frozen dataclass of secrets and plain fields; fields that are None are left out."""
    present = {field.name: getattr(sealed, field.name) for field in fields(cast("Any", sealed))}
    plain = {name: _plain(value) for name, value in present.items() if value is not None}
    return json.dumps(plain, separators=(",", ":")).encode()


def read_fields(shape: type[T], written: bytes, *, what: str) -> T:
    """Rebuild what `write_fields` wrote. Raises `Unreadable` with `what` for anything else.

    The causes are cut off: a parser's error may quote what it read.
    """
    try:
        plain = json.loads(written)
        shapes = hints(cast("type", shape))
        return shape(**{name: _read(shapes[name], value) for name, value in plain.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreadable(f"the sealed {what}") from None


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value.reveal() if isinstance(value, Secret) else to_plain(value)


def _read(shape: Any, value: Any) -> Any:  # noqa: ANN401 - the shape follows the field, not this function
    if shape is Secret or (isinstance(shape, UnionType) and Secret in get_args(shape)):
        if not isinstance(value, str):
            raise TypeError
        return Secret(value)
    if get_origin(shape) is Mapping:
        _, each = get_args(shape)
        return {name: _read(each, one) for name, one in value.items()}
    return from_plain(shape, value)
