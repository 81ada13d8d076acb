"""What a CONNECT has opened: one session's way to one destination, until the connection ends."""

from enum import Enum, auto
from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.refusals import bad_request
from strongroom.delivery.egress.repeated import Repeated
from strongroom.delivery.egress.route import inner_target, require_host
from strongroom.delivery.egress.shares import Share
from strongroom.services.live import LivePlan, LiveSession

_TLS_HANDSHAKE = 0x16
_HTTPS_PORT = 443


class Spoken(Enum):
    """What is spoken in a tunnel: TLS, or HTTP in clear (as `http://` URLs may be)."""

    TLS = auto()
    HTTP = auto()
    NEITHER = auto()


def spoken(first: int) -> Spoken:
    """Tell by the first byte what is spoken in a tunnel."""
    if first == _TLS_HANDSHAKE:
        return Spoken.TLS
    return Spoken.HTTP if bytes((first,)).isupper() else Spoken.NEITHER


@final
class Tunnel:
    """Checks each request inside against the authority that the tunnel was opened for."""

    __slots__ = ("_agreed", "authority", "destination", "live", "multiplexed", "plan", "repeated", "share")

    def __init__(self, live: LiveSession, destination: Destination, plan: LivePlan, *, share: Share) -> None:
        self.live = live
        self.destination = destination
        self.authority = destination.authority.encode()
        """What Host says in the requests that go out."""
        self.plan: LivePlan | None = plan
        self.share = share
        self.multiplexed = False
        """Whether HTTP/2 is spoken in it."""
        self.repeated = Repeated()
        """What is known of the fields that the client sends."""
        self._agreed: bytes | None = None  # the line of a Host field: the same bytes again need no second reading

    def carry_plain_http(self) -> None:
        """Make it a tunnel for unencrypted requests; they need a plan of their own. Raises a refusal."""
        if self.destination.port == _HTTPS_PORT:
            raise bad_request("port 443 is for https: speak TLS in this tunnel, or use another port for http")
        self.destination = Destination("http", self.destination.host, self.destination.port)
        self.authority = self.destination.authority.encode()
        self.plan = None

    def target_of(self, head: RequestHead) -> bytes:
        """Return the target to send. Raises a refusal if any name in the request disagrees with the tunnel."""
        names = head.names
        if names.count(b"host") != 1 or head.lines[names.index(b"host")] != self._agreed:
            require_host(head, self.destination)
            self._agreed = head.lines[names.index(b"host")] if names.count(b"host") == 1 else None
        target = head.target
        return target if target[:1] == b"/" else inner_target(head, self.destination)
