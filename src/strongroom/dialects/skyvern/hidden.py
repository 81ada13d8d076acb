"""Fields that are secret from the parse on, refused in the words that this dialect's clients know."""

from dataclasses import dataclass
from typing import Any, final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from strongroom.core.secret import Secret
from strongroom.core.texts import well_formed
from strongroom.dialects.validation import OURS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """`Annotated[Secret, Hidden(most=…)]`: read from a string of `least` to `most` characters, as it is."""

    most: int
    least: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        """How it is read."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """How it is described."""
        return {"type": "string", "minLength": self.least, "maxLength": self.most, "writeOnly": True}

    def _read(self, text: object) -> Secret:
        if not isinstance(text, str):
            raise PydanticKnownError("string_type")
        if len(text) < self.least:
            raise PydanticKnownError("string_too_short", {"min_length": self.least})
        if len(text) > self.most:
            raise PydanticKnownError("string_too_long", {"max_length": self.most})
        if "\0" in text or not well_formed(text):
            raise PydanticCustomError(OURS, "{rule}", {"rule": "must be Unicode text without NUL"})
        return Secret(text)
