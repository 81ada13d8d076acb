"""What FastAPI and pydantic object to, said as paths and rules and without what was sent.

Pydantic's own sentences quote values here and there (an unknown tag, for one), so only rules that
are listed keep their words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from strongroom.dialects.refusals import Malformed, Problem

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
    "string_pattern_mismatch": "must match {pattern}",
    "bool_type": "must be true or false",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
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
    """Return all problems of a request, one for each place."""
    rules: dict[str, list[tuple[str, str]]] = {}
    errors = error.errors()
    for each in errors:
        rules.setdefault(_path(each, error.body), []).append((each["type"], _rule(each)))
    # Of the members of a union, the ones that could look deepest speak; the others wanted something else altogether.
    return Malformed(
        [
            (path, _either(said))
            for path, said in rules.items()
            if not any(other.startswith(f"{path}.") for other in rules)
        ],
        found=[Problem(where=_cut(each["loc"]), kind=each["type"], rule=_rule(each)) for each in errors],
    )


def _cut(where: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple(part[:_LONGEST_NAME] if isinstance(part, str) else part for part in where)


def _either(said: Sequence[tuple[str, str]]) -> str:
    """Join what the members of a union say of one place; the one whose type it has knows best."""
    fitting = [rule for kind, rule in said if not kind.endswith("_type")]
    first, *more = dict.fromkeys(fitting or [rule for _, rule in said])
    return " or ".join([first, *(rule.removeprefix("must be ") for rule in more)])


def _rule(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if context.get("pattern") == NO_NUL:
        return "must not contain NUL"
    if error["type"].endswith(("too_short", "too_long")):
        return _length(context, "characters" if isinstance(error["input"], str) else "entries")
    return _RULES.get(error["type"], "is not valid").format_map(context)


def _length(bounds: Mapping[str, Any], things: str) -> str:
    if "max_length" in bounds:
        return f"must have at most {bounds['max_length']} {things}"
    return "must not be empty" if bounds["min_length"] == 1 else f"must have at least {bounds['min_length']} {things}"


def _path(error: Mapping[str, Any], body: object) -> str:
    where, *parts = error["loc"]
    if where != "body":
        return ".".join(map(str, parts)) or str(where)
    return ".".join(_named(parts, body, is_missing=error["type"] == "missing")) or "body"


def _named(parts: Sequence[str | int], here: object, *, is_missing: bool) -> list[str]:
    """Drop what pydantic puts into a path and JSON does not have: the names of a union's members."""
    names: list[str] = []
    for place, part in enumerate(parts):
        if _holds(here, part):
            here = here[part]  # type: ignore[index] # it was just found there
        elif not (is_missing and place == len(parts) - 1):
            continue
        names.append(str(part)[:_LONGEST_NAME])
    return names


def _holds(here: object, part: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, Mapping) and part in here
