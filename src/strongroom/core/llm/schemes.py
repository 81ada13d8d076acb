"""Which vendors there are, and in which ways one may authenticate to each (contract barndoor-credentials 3.1).

Two vocabularies name the ways. Both are read, each means one scheme, and what a caller wrote is what it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from strongroom.core.failures import Invalid


@final
class Scheme(StrEnum):
    """How a connection authenticates; the tag of the credential kind that holds its secret."""

    API_KEY = "api_key"
    BEDROCK_KEYS = "bedrock_keys"
    AWS_ROLE = "aws_role"
    BEDROCK_API_KEY = "bedrock_api_key"
    GOOGLE_ADC = "google_adc"
    GOOGLE_SERVICE_ACCOUNT = "google_service_account"
    GOOGLE_IMPERSONATION = "google_impersonation"
    AZURE_ENTRA = "azure_entra"
    OAUTH_PASSTHROUGH = "oauth_passthrough"

    @property
    def keeps_material(self) -> bool:
        """Whether there is a secret to keep at all."""
        return self in _KEEPING

    @property
    def is_plain_key(self) -> bool:
        """Whether its secret is one text that is sent as it is."""
        return self in {Scheme.API_KEY, Scheme.BEDROCK_API_KEY}

    @property
    def is_ambient(self) -> bool:
        """Whether it acts as this server's own cloud identity, which the operator must have allowed."""
        return self in _AMBIENT

    @property
    def is_cloud(self) -> bool:
        """Whether it may speak to a vendor's own inference hosts only (4.9): its tokens are good for much else."""
        return self in _CLOUD

    @property
    def is_minted(self) -> bool:
        """Whether it sends tokens that a cloud issued, of which another can be asked for when one is rejected."""
        return self in _CLOUD - {Scheme.BEDROCK_KEYS}


_AMBIENT = frozenset({Scheme.AWS_ROLE, Scheme.GOOGLE_ADC, Scheme.GOOGLE_IMPERSONATION})
_CLOUD = _AMBIENT | {Scheme.BEDROCK_KEYS, Scheme.GOOGLE_SERVICE_ACCOUNT, Scheme.AZURE_ENTRA}
_KEEPING = frozenset(Scheme) - _AMBIENT - {Scheme.OAUTH_PASSTHROUGH}


@final
class Placing(StrEnum):
    """Where a request carries what authenticates it."""

    BEARER = "bearer"
    X_API_KEY = "x_api_key"
    AZURE_API_KEY = "azure_api_key"
    SIGNATURE = "signature"
    OF_CLIENT = "of_client"
    """The client's own token goes through."""


@final
@dataclass(frozen=True, slots=True)
class Way:
    """One cell of the table."""

    scheme: Scheme
    placing: Placing


_BEARER_KEY = Way(Scheme.API_KEY, Placing.BEARER)
_X_API_KEY = Way(Scheme.API_KEY, Placing.X_API_KEY)
_AZURE_KEY = Way(Scheme.API_KEY, Placing.AZURE_API_KEY)
_ENTRA = Way(Scheme.AZURE_ENTRA, Placing.BEARER)
_PASSTHROUGH = Way(Scheme.OAUTH_PASSTHROUGH, Placing.OF_CLIENT)
_BEDROCK_KEY = Way(Scheme.BEDROCK_API_KEY, Placing.BEARER)
_AWS_KEYS = Way(Scheme.BEDROCK_KEYS, Placing.SIGNATURE)
_IMPERSONATION = Way(Scheme.GOOGLE_IMPERSONATION, Placing.BEARER)
_PLAIN = {"api_key": _BEARER_KEY, "bearer_api_key": _BEARER_KEY}

WAYS: Mapping[str, Mapping[str, Way]] = {
    "openai": {**_PLAIN, "oauth_passthrough": _PASSTHROUGH, "codex_oauth": _PASSTHROUGH},
    "anthropic": {
        "api_key": _X_API_KEY,
        "x_api_key": _X_API_KEY,
        "bearer_api_key": _BEARER_KEY,
        "oauth_passthrough": _PASSTHROUGH,
        "claude_oauth": _PASSTHROUGH,
    },
    "azure_openai": {"api_key": _AZURE_KEY, "azure_api_key": _AZURE_KEY, "azure_entra_client_secret": _ENTRA},
    "azure_foundry": {
        "azure_foundry_api_key": _AZURE_KEY,
        "api_key": _AZURE_KEY,
        "azure_entra_client_secret": _ENTRA,
    },
    "google_ai": _PLAIN,
    "bedrock": {
        "aws_role": Way(Scheme.AWS_ROLE, Placing.SIGNATURE),
        "aws_keys": _AWS_KEYS,
        "aws_static_credentials": _AWS_KEYS,
        "bedrock_api_key": _BEDROCK_KEY,
        "api_key": _BEDROCK_KEY,
    },
    "vertex": {
        "google_adc": Way(Scheme.GOOGLE_ADC, Placing.BEARER),
        "google_service_account": Way(Scheme.GOOGLE_SERVICE_ACCOUNT, Placing.BEARER),
        "google_impersonation": _IMPERSONATION,
        "google_service_account_impersonation": _IMPERSONATION,
    },
    "groq": _PLAIN,
    "together": _PLAIN,
    "mistral": _PLAIN,
    "cohere": _PLAIN,
    "xai": _PLAIN,
    "fireworks": _PLAIN,
    "perplexity": _PLAIN,
    "openrouter": _PLAIN,
    "deepseek": _PLAIN,
    "custom": {**_PLAIN, "x_api_key": _X_API_KEY, "azure_api_key": _AZURE_KEY},
}
"""By vendor, then by the way's name. The first name of each vendor is meant where none is given."""


def require_vendor(model_provider: str) -> None:
    """Raise `Invalid` for a vendor that nobody knows."""
    if model_provider not in WAYS:
        raise Invalid(f"must be one of {', '.join(WAYS)}", field="model_provider")


def named(model_provider: str, auth_type: str | None) -> str:
    """Return the name of the way that is meant. Raises `Invalid` for one that the vendor does not have."""
    require_vendor(model_provider)
    ways = WAYS[model_provider]
    if auth_type is None:
        return next(iter(ways))
    if auth_type not in ways:
        raise Invalid(f"must be one of {', '.join(ways)} for this model_provider", field="auth_type")
    return auth_type


def way_of(model_provider: str, auth_type: str) -> Way:
    """Return what a name means for a vendor. Raises `Invalid` as above."""
    return WAYS[model_provider][named(model_provider, auth_type)]
