"""What FastAPI and pydantic object to, said as paths and rules and without what was sent.

Pydantic's own sentences quote values here and there (an unknown tag, for one), so only rules that
are listed keep their words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from strongroom.dialects.refusals import Malformed

OURS = "strongroom"
"""The error type of validators that word their rule themselves, for people and without the value."""

NO_NUL = r"^[^\u0000]*$"
"""A pattern for texts: a NUL is no character that people write, and not every database can keep it."""

_LONGEST_NAME = 64

_RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a field that can be set here",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "bool_type": "must be true or false",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "too_long": "must have at most {max_length} entries",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "none_required": "is not supported by this server: leave it out or null",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "union_tag_invalid": "must have a known type",
    "union_tag_not_found": "must have a known type",
    OURS: "{rule}",
}


def malformed(error: RequestValidationError) -> Malformed:
    """Return all problems of a request."""
    return Malformed([(_path(each["loc"], error.body), _rule(each)) for each in error.errors()])


def _rule(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if context.get("pattern") == NO_NUL:
        return "must not contain NUL"
    return _RULES.get(error["type"], "is not valid").format_map(context)


def _path(location: Sequence[str | int], body: object) -> str:
    where, *parts = location
    if where != "body":
        return ".".join(map(str, parts)) or str(where)
    return ".".join(_named(parts, body)) or "body"


def _named(parts: Sequence[str | int], here: object) -> list[str]:
    """Drop what pydantic puts into a path and JSON does not have: the tag of a union's member."""
    names: list[str] = []
    for part in parts:
        if isinstance(here, Mapping):
            if part not in here and here.get("type") == part:
                continue
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif names and here is not None:
            continue
        names.append(str(part)[:_LONGEST_NAME])
    return names
