"""What a CONNECT has opened: one session's way to one destination, until the connection ends."""

from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.route import inner_target, require_host
from strongroom.services.live import LivePlan, LiveSession


@final
class Tunnel:
    """Checks each request inside against the authority that the tunnel was opened for."""

    __slots__ = ("_agreed", "authority", "destination", "live", "plan")

    def __init__(self, live: LiveSession, destination: Destination, plan: LivePlan) -> None:
        self.live = live
        self.destination = destination
        self.authority = destination.authority.encode()
        """What Host says in the requests that go out."""
        self.plan: LivePlan | None = plan
        self._agreed: bytes | None = None

    def carries_plain_http(self) -> None:
        """Make it a tunnel for unencrypted requests; they need a plan of their own."""
        self.destination = Destination("http", self.destination.host, self.destination.port)
        self.authority = self.destination.authority.encode()
        self.plan = None

    def target_of(self, head: RequestHead) -> bytes:
        """Return the target to send. Raises a refusal if any name in the request disagrees with the tunnel."""
        if head.names.count(b"host") != 1 or head.one(b"host") != self._agreed:
            require_host(head, self.destination)
            self._agreed = head.one(b"host")  # the same bytes again need no second reading
        return inner_target(head, self.destination)
