"""Every bound of the MCP gateway that is not the egress proxy's, by name; `docs/limits.md` lists them."""

from dataclasses import dataclass, field
from typing import final

from strongroom.delivery.egress.limits import MIB
from strongroom.delivery.egress.limits import Limits as EgressLimits


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds. `egress` holds what a session and its key may take, and how long silence is."""

    egress: EgressLimits = field(default_factory=EgressLimits)

    request_bytes: int = 4 * MIB
    """The longest request: it is held as a whole, so that it can be sent again with a renewed token."""

    grown_bytes: int = 2 * MIB
    """How much longer it may become by what is put in."""

    exchanges: int = 2048
    """Requests and streams under way in one process: half of the connections that the API's port takes."""

    session_exchanges: int = 256
    """The same for one session."""

    watch_seconds: float = 0.25
    """How often streams are looked at whose session's plan is over."""
