"""What all shapes of this API share."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from strongroom.core.fields import write_time
from strongroom.dialects.validation import OURS

PREFIX = "/strongroom/v1"
"""In front of every path of this API."""


class Asked(BaseModel):
    """A body that comes in: fields that nobody knows are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(frozen=True)


class DeletedCredential(Answer):
    """The answer to the removal of a credential."""

    id: str
    type: str = "credential_deleted"


Moment = Annotated[
    datetime,
    PlainSerializer(write_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 in UTC, with microseconds."""


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError(OURS, "{rule}", {"rule": "must not contain NUL"})
    return text


Text = Annotated[str, AfterValidator(_no_nul)]
"""A text that every database can keep."""

Metadata = dict[Text, Text]
