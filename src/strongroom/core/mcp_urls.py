"""The normal form in which MCP server URLs are compared (contract anthropic-vaults 6.2).

Scheme and host are lower-cased, the default port and exactly one trailing slash are stripped, the
fragment is dropped; path and query compare byte for byte. Everything the rule does not name leans
to *not* matching: a false match leaks a token, a miss only fails.
"""

import re
from dataclasses import dataclass, field
from typing import final
from urllib.parse import urlsplit

from strongroom.core.failures import Invalid
from strongroom.core.hosts import Host, canonical_host

_UNSAFE = re.compile(r'[\x00-\x20\x7f"<>\\^`{|}]')
_TARGET = re.compile(r"[/?]")
_AUTHORITY = re.compile(r"(?:\[[^\[\]@]+\]|[^\[\]@:]+)(?::[0-9]+)?\Z")  # urlsplit passes over what surrounds brackets
_DEFAULT_PORTS = {"https": 443, "http": 80}


@final
@dataclass(frozen=True, slots=True)
class McpUrl:
    """An MCP server's URL in normal form. Two URLs name one server if their forms are equal."""

    scheme: str
    host: Host
    port: int
    target: str
    written: str = field(default="", compare=False)
    """As it was written: what is asked for, since a server may tell apart what we do not."""

    @classmethod
    def parse(cls, text: str, *, insecure: bool = False) -> "McpUrl":
        """Read an absolute URL. Raises `Invalid` for other schemes, userinfo, fragments and bad hosts.

        `insecure` admits `http`, for deployments that enable plain upstreams.
        """
        if not text.isascii() or _UNSAFE.search(text):
            raise Invalid("must be an absolute URL of visible ASCII characters")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise Invalid("must be an absolute URL with a valid host and port") from None
        if parts.scheme != "https" and not (insecure and parts.scheme == "http"):
            raise Invalid("must be an absolute https URL")
        if port == 0:  # falls under no default: `:0` and no port at all are two things
            raise Invalid("must have a port from 1 to 65535, or none")
        if not parts.hostname or "#" in text or not _AUTHORITY.match(parts.netloc):
            raise Invalid("must have a host, and neither user information nor a fragment")
        host = canonical_host(parts.hostname)
        return cls(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], normal_target(_target(text)), text)

    @property
    def text(self) -> str:
        """The form as one line, for unique keys."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.target}"

    @property
    def request_target(self) -> str:
        """The path and query of a request to it (RFC 9112 3.2.1), byte for byte as they were written."""
        target = _target(self.written)
        return target if target.startswith("/") else f"/{target}"


def normal_target(target: str) -> str:
    """Return a request target (path and query, as sent) with one trailing slash stripped from its path."""
    path, mark, query = target.partition("?")
    return path.removesuffix("/") + mark + query


def _target(url: str) -> str:
    after_scheme = url.partition("://")[2]
    found = _TARGET.search(after_scheme)
    return after_scheme[found.start() :] if found else ""
