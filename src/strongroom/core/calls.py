"""The short HTTP calls that we make for ourselves: refresh, discovery, registration, probes, webhooks.

A call is written whole before it is sent, and its reply is read whole, up to a bound that the caller names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from strongroom.core.hosts import Host
from strongroom.core.mcp_urls import McpUrl
from strongroom.core.plans import Destination

LIMIT_BYTES = 1 << 20
"""The most of a reply's body that is read unless the caller says otherwise; documents of these protocols are small."""

_END_OF_AUTHORITY = re.compile(r"[/?]")


@final
@dataclass(frozen=True, slots=True)
class ControlUrl:
    """An absolute URL in parts. `target` is sent byte for byte as it was written."""

    destination: Destination
    target: str

    @classmethod
    def parse(cls, text: str, *, insecure: bool = False) -> "ControlUrl":
        """Read a URL. Raises `Invalid` by the rules of `McpUrl`; `insecure` admits plain http."""
        url = McpUrl.parse(text, insecure=insecure)
        after_scheme = text.partition("://")[2]
        found = _END_OF_AUTHORITY.search(after_scheme)
        target = after_scheme[found.start() :] if found else "/"
        return cls(Destination(url.scheme, Host(url.host), url.port), target if target[0] == "/" else "/" + target)

    @property
    def origin(self) -> str:
        """Scheme, host and port, the default port left out (RFC 6454 section 6.2)."""
        return f"{self.destination.scheme}://{self.destination.authority}"

    @property
    def text(self) -> str:
        """The URL with its scheme and host in lower case and its default port left out."""
        return self.origin + self.target

    @property
    def is_ordinary(self) -> bool:
        """Whether it is https on the port of https: what the public internet may always be asked for."""
        return (self.destination.scheme, self.destination.port) == ("https", 443)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. Headers and body may hold secrets, and are not shown.

    `limit_bytes` is how much of the reply's body is read; with 0 none of it is. With `ordinary_only`, whatever is
    not https on port 443 is sent to addresses that the operator has listed and to no other.
    """

    method: str
    url: ControlUrl
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    limit_bytes: int = LIMIT_BYTES
    ordinary_only: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back. A header that came more than once is one line here, its values joined by commas (RFC 9110 5.3).

    `truncated` says that there was more of the body than was read.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By name in lower case."""
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False

    @property
    def media_type(self) -> str:
        """The content type in lower case, without its parameters; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
