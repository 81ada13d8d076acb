"""The root under which an upstream is asked, as people write it and as it is read (contract 2.2, 3.3, 4.9)."""

import re
from dataclasses import dataclass
from typing import final

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.plans import Destination

MAX_URL = 2048

_DOTS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class BaseUrl:
    """An absolute URL without query. `path` has no slash at its end."""

    destination: Destination
    path: str

    @classmethod
    def parse(cls, text: str, *, field: str = "base_url") -> "BaseUrl":
        """Read what was written. Raises `Invalid`; whether the host may be asked is another question."""
        if len(text) > MAX_URL:
            raise Invalid(f"must have at most {MAX_URL} characters", field=field)
        if "?" in text:
            raise Invalid("must have no query", field=field)
        try:
            url = McpUrl.parse(text, insecure=True)
        except Invalid as refused:
            raise Invalid(refused.rule.replace("an absolute https URL", "an http or https URL"), field=field) from None
        path = url.request_target.rstrip("/")
        if _DOTS.search(path) or "//" in path:
            raise Invalid("must have a path without empty and dot segments", field=field)
        return cls(Destination(url.scheme, Host(url.host), url.port), path)

    @property
    def host(self) -> Host:
        """Whom it asks."""
        return self.destination.host

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.destination.scheme}://{self.destination.authority}"
