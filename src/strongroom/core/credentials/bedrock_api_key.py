"""An API key of Amazon Bedrock, sent as a bearer token."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockApiKeyDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "bedrock_api_key"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockApiKey(ConnectionMaterial):
    """The key."""

    tag: ClassVar[str] = "bedrock_api_key"
    key: Secret


BEDROCK_API_KEY = Kind(tag=BedrockApiKey.tag, details=BedrockApiKeyDetails, material=BedrockApiKey)
