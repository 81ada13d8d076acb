"""The URLs of the gateway: `/mcp/{session}/{server}`, split before they are decoded."""

from dataclasses import dataclass
from typing import final
from urllib.parse import unquote

from strongroom.core.ids import SessionId
from strongroom.delivery.mcp.refusals import Code, Turned

PREFIX = "/mcp"
"""Where `Front` finds the gateway; `core/mcp_servers.py` writes what is below it."""
ENDPOINT = "endpoint"
"""The query's one name: where the messages of the older transport go."""
_SEGMENTS = 4


@final
@dataclass(frozen=True, slots=True)
class Place:
    """What a URL names. `endpoint` is a token of ours for a place of the server's own."""

    session: SessionId
    server: str
    endpoint: str | None = None

    @classmethod
    def read(cls, path: str, query: bytes) -> "Place":
        """Read a path that is not decoded yet. Raises a refusal."""
        parts = path.split("/")
        if len(parts) != _SEGMENTS or not all(parts[2:]):
            raise Turned(
                Code.SERVER_NOT_FOUND, "an MCP server is at /mcp/SESSION/SERVER: see `strongroom session show`"
            )
        endpoint = None
        if query:
            name, _, endpoint = query.decode("ascii", "replace").partition("=")
            if name != ENDPOINT or not endpoint or "&" in endpoint:
                raise Turned(Code.SERVER_NOT_FOUND, "the URL of an MCP server takes no query")
        return cls(SessionId(unquote(parts[2])), unquote(parts[3]), endpoint)
