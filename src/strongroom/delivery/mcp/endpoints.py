"""The older transport, HTTP with SSE (MCP 2024-11-05): the server's first event says where messages are posted to.

Rules kept here:
- the place that a server names is of its own origin, or the stream ends: the credential goes there too;
- the client is told a place of ours instead, below the URL that it asked: whichever event says so, however often;
- ours carries the server's under a MAC, bound to session and server: nobody else can name one, and nothing is kept.
"""

from collections.abc import Sequence
from typing import final
from urllib.parse import urljoin

from strongroom.core.failures import Invalid
from strongroom.core.ids import SessionId
from strongroom.core.mcp_servers import Served, path_of
from strongroom.core.mcp_urls import McpUrl
from strongroom.crypto.tokens import PageTokens
from strongroom.delivery.egress.refusals import bad_reply
from strongroom.delivery.mcp.events import Events
from strongroom.delivery.mcp.places import ENDPOINT
from strongroom.delivery.mcp.refusals import Code, Turned

_COLLECTION = "mcp endpoint"
_KIND = b"endpoint"


@final
class Endpoints:
    """Writes and reads places. `base` is the path that our own paths are below, where clients reach us."""

    def __init__(self, *, tokens: PageTokens, base: str = "") -> None:
        self._tokens = tokens
        self._base = base

    def ours(self, session: SessionId, server: Served, target: str) -> str:
        """Return our place for one of the server's."""
        token = self._tokens.write([target], collection=_COLLECTION, scope=_scope(session, server))
        return f"{self._base}{path_of(session, server.key)}?{ENDPOINT}={token.replace('=', '%3D')}"

    def target(self, session: SessionId, server: Served, token: str) -> str:
        """Return the server's place that one of ours stands for. Raises a refusal for any that we did not write."""
        written = token.replace("%3D", "=").replace("%3d", "=")
        try:
            (target,) = self._tokens.read(written, collection=_COLLECTION, scope=_scope(session, server))
        except Invalid:
            sentence = "the URL is not one that this server's stream has named: open the stream again"
            raise Turned(Code.SERVER_NOT_FOUND, sentence) from None
        return target


@final
class EndpointRewriting:
    """Rewrites one stream of events."""

    __slots__ = ("_endpoints", "_events", "_server", "_session")

    def __init__(self, endpoints: Endpoints, session: SessionId, server: Served) -> None:
        self._endpoints = endpoints
        self._session = session
        self._server = server
        self._events = Events()

    def feed(self, piece: bytes) -> bytes:
        """Return the events that end in this piece. Raises a refusal for a place of another origin."""
        events = self._events.feed(piece)
        return b"".join(self._rewritten(event.data) if event.kind == _KIND else event.raw for event in events)

    def finish(self) -> bytes:
        """Return nothing: an event that does not end is none."""
        self._events.finish()
        return b""

    def _rewritten(self, data: bytes) -> bytes:
        address = self._server.address
        try:
            named = urljoin(address.written, data.decode("ascii").strip()).partition("#")[0]
            there = McpUrl.parse(named, insecure=True)
        except (UnicodeDecodeError, ValueError, Invalid):
            raise bad_reply("the MCP server names a place for messages that is no URL") from None
        if (there.scheme, there.host, there.port) != (address.scheme, address.host, address.port):
            raise bad_reply("the MCP server names a place for messages that is not its own")
        ours = self._endpoints.ours(self._session, self._server, there.request_target)
        return b"event: endpoint\ndata: %b\n\n" % ours.encode()


def _scope(session: SessionId, server: Served) -> Sequence[str]:
    return [session, server.address.text]
