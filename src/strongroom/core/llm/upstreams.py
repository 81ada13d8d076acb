"""The part of a connection's details that says where its secret goes; the seal of the secret is bound to all of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from strongroom.core.llm.base_urls import BaseUrl
from strongroom.core.llm.schemes import Way, way_of


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A vendor, how to authenticate to it (spelled as the caller did), and where it is.

    `settings_json` is a JSON object, written by `written` so that equal settings are equal texts.
    """

    model_provider: str
    auth_type: str
    base_url: str
    settings_json: str = "{}"

    @property
    def settings(self) -> dict[str, Any]:
        """What is not secret and belongs to the vendor."""
        return dict(json.loads(self.settings_json))

    @property
    def way(self) -> Way:
        """What `auth_type` means here."""
        return way_of(self.model_provider, self.auth_type)

    @property
    def base(self) -> BaseUrl:
        """The root, read."""
        return BaseUrl.parse(self.base_url)


def written(settings: Mapping[str, Any]) -> str:
    """Return settings as `Upstream` keeps them."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
