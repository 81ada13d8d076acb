"""What somebody wants tried before it is stored: a role to take on, an access token of Google's (contract 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from strongroom.core.credentials.base import Material
from strongroom.core.llm import settings as rules
from strongroom.core.llm.schemes import Scheme, named, way_of
from strongroom.core.llm.sent import Sent, require_material, take

DEFAULT_GOOGLE = "google_adc"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCheck:
    """A role, and under which external id its account trusts us."""

    region: str
    iam_role_arn: str
    external_id: str

    def checked(self) -> "RoleCheck":
        """Return it. Raises `Invalid`."""
        settings = {"region": self.region, "iam_role_arn": self.iam_role_arn, "external_id": self.external_id}
        rules.normalised(settings, model_provider="bedrock", scheme=Scheme.AWS_ROLE, external_id=str)
        return self


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleCheck:
    """A way to Google's tokens, and where they are meant for. `model` is asked for nothing: no paid call is made."""

    auth_type: str = DEFAULT_GOOGLE
    settings: Mapping[str, Any] = field(default_factory=dict)
    sent: Sent = field(default_factory=Sent)

    def read(self) -> tuple[Scheme, Material, dict[str, Any]]:
        """Return scheme, secret and settings. Raises `Invalid`."""
        scheme = way_of("vertex", named("vertex", self.auth_type)).scheme
        material = require_material(scheme, take(scheme, self.sent))
        settings = rules.checked(dict(self.settings))
        return scheme, material, rules.normalised(settings, model_provider="vertex", scheme=scheme, external_id=str)
