"""Field types that the models of this dialect share: strict types, and no mind for fields that nobody knows."""

from datetime import UTC, datetime
from typing import Annotated, Any, final

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.core.llm.sent import MAX_CREDENTIALS
from strongroom.core.secret import Secret
from strongroom.core.uuids import is_uuid
from strongroom.dialects.secret_fields import SecretText
from strongroom.dialects.validation import OURS


class Model(BaseModel):
    """What clients send. Fields that it does not name are passed over: newer clients have more of them."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)


def _refused(rule: str) -> PydanticCustomError:
    return PydanticCustomError(OURS, "{rule}", {"rule": rule})


def _uuid(text: object) -> str:
    if not isinstance(text, str) or not is_uuid(text):
        raise _refused("must be a UUID")
    return text.lower()


def _moment(text: object) -> datetime:
    if isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise _refused("must be an RFC 3339 time with an offset")


@final
class SecretObject:
    """`Annotated[dict[str, Secret], SecretObject()]`: an object of texts, all of them secret. Nulls are left out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's
        """How it is read."""
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """How it is described."""
        return {"type": "object", "additionalProperties": {"type": ["string", "null"]}, "writeOnly": True}

    def _read(self, sent: object) -> dict[str, Secret]:
        if not isinstance(sent, dict):
            raise _refused("must be an object")
        present = {name: value for name, value in sent.items() if value is not None}
        if not all(isinstance(value, str) for value in present.values()):
            raise _refused("must hold texts only")
        return {name: Secret(value) for name, value in present.items()}


Key = Annotated[Secret, SecretText(least=0, most=MAX_CREDENTIALS)]
"""A secret text; how long it may be and what may stand in it is judged where it is known what it is for."""

Credentials = Annotated[dict[str, Secret], SecretObject()]
Uuid = Annotated[str, BeforeValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
