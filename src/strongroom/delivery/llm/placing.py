"""Where a request to a vendor carries what authenticates it, and what else of a connection's settings it says (3.1)."""

from collections.abc import Mapping
from typing import Any

from strongroom.core.credentials import Material
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.credentials.bedrock_api_key import BedrockApiKey
from strongroom.core.llm.schemes import Placing
from strongroom.core.secret import Secret
from strongroom.services.llm_cloud import Authorization, CredentialUnavailable

_FIELDS: Mapping[Placing, tuple[str, str]] = {
    Placing.BEARER: ("authorization", "Bearer "),
    Placing.X_API_KEY: ("x-api-key", ""),
    Placing.AZURE_API_KEY: ("api-key", ""),
    Placing.OF_CLIENT: ("authorization", "Bearer "),
}
"""The field, and what stands in front of the key in it."""

_SAID: Mapping[str, tuple[tuple[str, str], ...]] = {
    "openai": (("organization", "openai-organization"), ("project", "openai-project")),
    "openrouter": (("http_referer", "http-referer"), ("x_title", "x-title")),
}
"""By vendor: a setting, and the field that says it."""


def placed(placing: Placing, key: Secret) -> Authorization:
    """Return what a plain key, or a client's token, comes to."""
    name, before = _FIELDS[placing]
    return Authorization(((name, Secret(before + key.reveal())),), (key,))


def plain_key(material: Material) -> Secret:
    """Return the key of a scheme that is one. Raises `CredentialUnavailable` for another."""
    match material:
        case ApiKey(key=key) | BedrockApiKey(key=key):
            return key
        case _:
            raise CredentialUnavailable("the connection keeps no key")


def revealed(authorization: Authorization) -> list[tuple[str, str]]:
    """Return the fields as they are sent."""
    return [(name, value.reveal()) for name, value in authorization.fields]


def sought(authorization: Authorization) -> tuple[bytes, ...]:
    """Return what no field of an answer may hold."""
    return tuple(text for secret in authorization.secrets if (text := secret.reveal().encode()))


def said(model_provider: str, settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the fields that a vendor's settings come to. Never a client's: it is not the client's account."""
    return tuple(
        (name, value)
        for setting, name in _SAID.get(model_provider, ())
        if isinstance(value := settings.get(setting), str) and value
    )
