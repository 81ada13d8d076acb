"""Which tools of an MCP server a session may use, where its maker has said so. Pure.

Rules kept here:
- a list is for a server, by its URL in normal form, whatever the agent calls it and whichever credential it gets;
- a server without a list lets all its tools be used; one with an empty list lets none be used.
"""

from collections.abc import Mapping, Sequence

from strongroom.core.failures import Invalid
from strongroom.core.mcp_urls import McpUrl

FIELD = "mcp_tools"
MAX_SERVERS = 50
MAX_TOOLS = 500
"""Tools in one list; the largest servers that are known offer a few hundred."""
MAX_TOOL_NAME = 128  # what the protocol's own advice allows (MCP 2025-11-25, server/tools, "Tool Names")

Tools = Mapping[str, tuple[str, ...]]
"""By the server's URL in normal form: the names of the tools that may be used."""


def allowed(tools: Tools, server: McpUrl) -> frozenset[str] | None:
    """Return the names that may be used at a server; None where all may."""
    names = tools.get(server.text)
    return None if names is None else frozenset(names)


def tools_of(wanted: Mapping[str, Sequence[str]], named: Mapping[str, McpUrl]) -> Tools:
    """Return the lists by the servers that are meant: by a name in `named`, or by their URL.

    Raises `Invalid` for a name that means none, for a server that is meant twice, and for lists that are too long.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, tools in wanted.items():
        server = _meant(name, named).text
        if server in found:
            raise Invalid("must name each server once", field=FIELD)
        found[server] = tuple(dict.fromkeys(tools))
    _require_sound(found)
    return found


def _meant(name: str, named: Mapping[str, McpUrl]) -> McpUrl:
    if name in named:
        return named[name]
    try:
        return McpUrl.parse(name, insecure=True)
    except Invalid:
        raise Invalid(
            "must name servers by their URL, by a name that the agent declares, or by the id of a credential of the "
            "session's vaults",
            field=FIELD,
        ) from None


def _require_sound(tools: Tools) -> None:
    if len(tools) > MAX_SERVERS:
        raise Invalid(f"must be for at most {MAX_SERVERS} servers", field=FIELD)
    for names in tools.values():
        if len(names) > MAX_TOOLS:
            raise Invalid(f"must name at most {MAX_TOOLS} tools of a server", field=FIELD)
        if any(not 1 <= len(name) <= MAX_TOOL_NAME for name in names):
            raise Invalid(f"must name tools by 1 to {MAX_TOOL_NAME} characters", field=FIELD)
