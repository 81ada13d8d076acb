"""Proxy locations as clients send them: a name, a target, a target as text (contract skyvern-credentials 3.9)."""

from typing import Annotated, Any

import msgspec
from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from strongroom.core.failures import Invalid
from strongroom.core.proxy_identity import (
    LOCATIONS,
    MAX_CITY,
    MAX_SUBDIVISION,
    Location,
    geo_target,
)
from strongroom.dialects.skyvern.wire import Model, Text, refused


class GeoTargetBody(Model):
    """A country, a part of it, a city in that."""

    country: Annotated[Text, Field(min_length=2, max_length=2)]
    subdivision: Annotated[Text, Field(max_length=MAX_SUBDIVISION)] | None = None
    city: Annotated[Text, Field(max_length=MAX_CITY)] | None = None


def read_location(value: object) -> Location | None:
    """Read one. Raises pydantic's errors."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _parsed(value)
    if isinstance(value, dict):
        return _target(value)
    if not isinstance(value, str) or value not in LOCATIONS:
        raise PydanticKnownError("enum", {"expected": "a proxy location or a target with a country"})
    return value


def _parsed(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise PydanticCustomError("json_invalid", "must be valid JSON") from None


def _target(value: dict[str, Any]) -> Location:
    if "country" not in value and "url" in value:
        raise refused("must name a country: custom proxy URLs are not supported")
    sent = GeoTargetBody.model_validate(value)
    try:
        return geo_target(sent.country, sent.subdivision, sent.city)
    except Invalid as failure:
        raise refused(failure.rule) from None


ProxyLocation = Annotated[
    Location | None,
    PlainValidator(read_location),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": list(LOCATIONS)},
                {
                    "type": "object",
                    "required": ["country"],
                    "properties": {
                        "country": {"type": "string", "minLength": 2, "maxLength": 2},
                        "subdivision": {"anyOf": [{"type": "string", "maxLength": MAX_SUBDIVISION}, {"type": "null"}]},
                        "city": {"anyOf": [{"type": "string", "maxLength": MAX_CITY}, {"type": "null"}]},
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]
