"""The MCP gateway: what the egress proxy does, for MCP clients that take a URL and no proxy.

One URL stands for one session and one server. The client shows the session's token; the request goes to the server
with the session's credential for it; the answer comes back as it is streamed, without secrets.
"""

from strongroom.delivery.mcp.counters import Counters
from strongroom.delivery.mcp.endpoints import Endpoints
from strongroom.delivery.mcp.gateway import Gateway
from strongroom.delivery.mcp.limits import Limits
from strongroom.delivery.mcp.origins import Doorplate

__all__ = ["Counters", "Doorplate", "Endpoints", "Gateway", "Limits"]
