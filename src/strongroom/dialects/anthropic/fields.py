"""Field types that the models of this dialect share: strict, bounded, and refusing what they do not know."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from strongroom.core import metadata as notes
from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostPattern
from strongroom.dialects.validation import NO_NUL, OURS

T = TypeVar("T")

# RFC 3339 section 5.6; an offset is required.
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})\Z", re.ASCII)


class Model(BaseModel):
    """What clients send. A field that it does not name is refused: ignoring a misspelt one would widen a policy."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def by(check: Callable[[str], T]) -> Callable[[str], str]:
    """Return a validator that lets the core's own rule judge a text, and passes the text on."""

    def judged(text: str) -> str:
        try:
            check(text)
        except Invalid as refused:
            raise PydanticCustomError(OURS, "{rule}", {"rule": refused.rule}) from None
        return text

    return judged


def read_moment(text: object) -> datetime:
    """Read an RFC 3339 moment with an offset; the result is in UTC."""
    if isinstance(text, str) and _RFC_3339.match(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError(OURS, "{rule}", {"rule": "must be an RFC 3339 time with an offset"})


Text = Annotated[str, Field(pattern=NO_NUL)]
Name255 = Annotated[str, Field(min_length=1, max_length=255, pattern=NO_NUL)]
Url = Annotated[str, Field(min_length=1, max_length=2047, pattern=NO_NUL)]
Moment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
HostEntry = Annotated[str, Field(max_length=255), AfterValidator(by(HostPattern.parse))]
"""An allow-list entry. The pattern is read again where it is used: here it is only judged."""

MetadataValue = Annotated[str, Field(max_length=notes.MAX_VALUE, pattern=NO_NUL)]
_KEYS: JsonDict = {
    "propertyNames": {"minLength": 1, "maxLength": notes.MAX_KEY, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
}
_PAIRS = Field(max_length=notes.MAX_PAIRS, json_schema_extra=_KEYS)

Metadata = Annotated[dict[str, MetadataValue], _PAIRS, AfterValidator(notes.checked)]
MetadataPatch = Annotated[dict[str, MetadataValue | None], Field(json_schema_extra=_KEYS)]
"""Caps hold for what results, so they are checked there."""
