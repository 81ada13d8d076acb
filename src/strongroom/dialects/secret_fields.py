"""Fields that are secret from the parse on: the model never holds their text."""

from dataclasses import dataclass
from typing import Any, final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.core.secret import Secret
from strongroom.core.substitution import FORBIDDEN_IN_HEADER
from strongroom.dialects.validation import OURS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SecretText:
    """`Annotated[Secret, SecretText(most=…)]`: read from a string of `least` to `most` code points.

    `in_header` refuses what can be in no header. No error shows any of the text.
    """

    most: int
    least: int = 1
    in_header: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        """How it is read."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """How it is described."""
        described = {"type": "string", "minLength": self.least, "maxLength": self.most, "writeOnly": True}
        return described | ({"pattern": r"^[^\r\n\u0000]*$"} if self.in_header else {})

    def _read(self, text: object) -> Secret:
        if not isinstance(text, str):
            raise _refused("must be a string")
        if not self.least <= len(text) <= self.most:
            raise _refused(f"must have {self.least} to {self.most} characters")
        if self.in_header and any(char in text for char in FORBIDDEN_IN_HEADER):
            raise _refused("must not contain CR, LF or NUL")
        return Secret(text)


def _refused(rule: str) -> PydanticCustomError:
    return PydanticCustomError(OURS, "{rule}", {"rule": rule})
