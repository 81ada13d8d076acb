"""Material to the bytes that are sealed, and back: the one codec that reveals secrets to seal them.

Derived from the field types of a kind's `material` class, so a new kind needs nothing here.
"""

import json
from dataclasses import fields
from types import UnionType
from typing import Any, cast, get_args

from strongroom.core.credentials import Kind, Material
from strongroom.core.failures import Unreadable
from strongroom.core.fields import from_plain, hints, to_plain
from strongroom.core.secret import Secret


def write_material(material: Material) -> bytes:
    """Return the JSON to seal; fields that are None are left out."""
    present = {field.name: getattr(material, field.name) for field in fields(cast("Any", material))}
    plain = {
        name: value.reveal() if isinstance(value, Secret) else to_plain(value)
        for name, value in present.items()
        if value is not None
    }
    return json.dumps(plain, separators=(",", ":")).encode()


def read_material(kind: Kind, written: bytes) -> Material:
    """Rebuild the material of a kind. Raises `Unreadable` if it was not written for this kind.

    The causes are cut off: a parser's error may quote what it read.
    """
    try:
        plain = json.loads(written)
        shapes = hints(cast("type", kind.material))
        return kind.material(**{name: _read(shapes[name], value) for name, value in plain.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreadable(f"the sealed material is not that of the kind {kind.tag}") from None


def _read(shape: Any, value: Any) -> Any:  # noqa: ANN401 - the shape follows the field, not this function
    if shape is Secret or (isinstance(shape, UnionType) and Secret in get_args(shape)):
        if not isinstance(value, str):
            raise TypeError
        return Secret(value)
    return from_plain(shape, value)
