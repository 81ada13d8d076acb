"""Every bound of the LLM gateway by name; `docs/limits.md` lists them."""

from dataclasses import dataclass
from typing import final

from strongroom.delivery.egress.limits import KIB, MIB


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    head_bytes: int = 64 * KIB
    """The longest head of an upstream's answer (DESIGN section 5, line 9)."""

    request_bytes: int = 32 * MIB
    """The longest request: it is held as a whole, so that it can go to another route (contract 4.7)."""

    error_bytes: int = 64 * KIB
    """How much of an upstream's error is passed on (contract 4.9)."""

    requests: int = 2048
    """Requests under way in one process: half of the connections that the API's port takes."""

    workspace_requests: int = 512
    """The same for the keys of one workspace: an upstream that is slow or dead hurts its own callers alone."""

    held_bytes: int = 512 * MIB
    """What all requests under way may hold of bodies."""

    workspace_bytes: int = 128 * MIB
    """The same for the keys of one workspace."""

    attempts: int = 5
    """Requests to upstreams for one of a client's (contract 4.5)."""

    connect_seconds: float = 10.0
    """Name look-up, connection and TLS handshake together (contract 4.5)."""

    error_seconds: float = 10.0
    """How long the body of an upstream's error may take; what has come by then is passed on."""

    retry_seconds: float = 0.5
    """How long a 429 is waited out where a route says nothing of it (contract 4.5)."""

    stall_seconds: float = 120.0
    """How long a client may take nothing of its answer."""

    listen_seconds: float = 0.25
    """After this long a request's client is watched, so that its going ends the request within a second."""

    watch_seconds: float = 0.25
    """How often the keys of what is under way are looked at again."""
