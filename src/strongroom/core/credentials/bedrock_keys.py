"""AWS access keys of a connection to Amazon Bedrock: the LLM gateway signs with them, and agents hold nothing of them.

A kind of its own beside `aws_keys`, which agents sign with by placeholder: neither can be taken for the other.
"""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial
from strongroom.core.secret import Secret


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockKeysDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "bedrock_keys"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockKeys(ConnectionMaterial):
    """The keys, with a session token where they are temporary."""

    tag: ClassVar[str] = "bedrock_keys"
    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None


BEDROCK_KEYS = Kind(tag=BedrockKeys.tag, details=BedrockKeysDetails, material=BedrockKeys)
