"""What all shapes of this dialect share: fields that nobody knows are passed over (contract skyvern-credentials 3)."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from strongroom.dialects.validation import NO_NUL, OURS

MAX_TEXT = 512
"""Characters of a name, a label, or whom codes are sent to (contract section 10)."""
MAX_LONG = 64 * 1024
MAX_URL = 4096
MAX_CONTEXT = 1000
MAX_SEARCH = 200


class Model(BaseModel):
    """A body that comes in."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def refused(rule: str) -> PydanticCustomError:
    """Return the error of a rule of ours."""
    return PydanticCustomError(OURS, "{rule}", {"rule": rule})


def _trimmed(value: object) -> object:
    return value.strip() or None if isinstance(value, str) else value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _askable(sought: str | None) -> str | None:
    return None if sought is None else sought.replace("\0", "\ufffd")


Asked = Annotated[str | None, Query(), AfterValidator(_askable)]
"""What a list is narrowed to. A NUL is in no text that is kept, and to a database it may end what is sought."""
Search = Annotated[str | None, Query(max_length=MAX_SEARCH), AfterValidator(_askable)]
"""A text that is looked for."""
Text = Annotated[str, Field(pattern=NO_NUL)]
"""A text that every database can keep."""
ShortText = Annotated[Text, Field(max_length=MAX_TEXT)]
Url = Annotated[Text, Field(max_length=MAX_URL)]
Session = Annotated[ShortText | None, BeforeValidator(_trimmed)]
"""A sticky session's id; blank is none."""
Context = Annotated[Annotated[Text, Field(max_length=MAX_CONTEXT)] | None, BeforeValidator(_blank_is_none)]
"""A note about the page; blank is none, and anything else stays as it is."""
