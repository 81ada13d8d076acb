"""The hosts at which clouds answer for models: where tokens that are good for much else may be sent (contract 4.9).

Whole host names, never a domain: a customer of a cloud can have names of its own under `amazonaws.com`.
"""

import re
from collections.abc import Mapping

from strongroom.core.failures import Invalid
from strongroom.core.hosts import HostSet
from strongroom.core.llm.base_urls import BaseUrl

_REGION = r"[a-z]{2,8}(?:-[a-z0-9]+)+-[0-9]+"
_BEDROCK = re.compile(
    rf"(?:bedrock-runtime(?:-fips)?\.(?P<region>{_REGION})\.amazonaws\.com(?:\.cn)?"
    rf"|bedrock-mantle\.(?P<mantle>{_REGION})\.api\.aws)\Z"
)
_VERTEX = re.compile(r"(?:(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com|aiplatform\.(?:us|eu)\.rep\.googleapis\.com)\Z")
_AZURE = re.compile(r"[a-z0-9][a-z0-9-]*\.(?:openai|services\.ai|cognitiveservices)\.azure\.com\Z")

INFERENCE: Mapping[str, re.Pattern[str]] = {
    "bedrock": _BEDROCK,
    "vertex": _VERTEX,
    "azure_openai": _AZURE,
    "azure_foundry": _AZURE,
}
"""By vendor."""


def require_inference_host(model_provider: str, base: BaseUrl, *, others: HostSet, field: str = "base_url") -> None:
    """Raise `Invalid` unless a host is one of the vendor's own, over https, or one that the operator has named."""
    if others.covers(base.host):
        return
    own = INFERENCE[model_provider].match(base.host)
    if own is None or (base.destination.scheme, base.destination.port) != ("https", 443):
        raise Invalid(
            "must be one of the vendor's own inference hosts, or one that the operator lists in "
            "STRONGROOM_CLOUD_INFERENCE_HOSTS: tokens of this auth_type are sent nowhere else",
            field=field,
        )


def region_of(base: BaseUrl) -> str | None:
    """Return the region that a canonical host of Bedrock names; it wins over the settings (contract 3.5)."""
    found = _BEDROCK.match(base.host)
    return None if found is None else found["region"] or found["mantle"]
