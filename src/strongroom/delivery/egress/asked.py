"""A request whose head has been read, and checked against where it came: the proxy itself, or a tunnel."""

from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.bodies import BodyReader, request_body
from strongroom.delivery.egress.head import RequestHead, parse_request
from strongroom.delivery.egress.refusals import bad_request
from strongroom.delivery.egress.route import absolute_destination, connect_destination
from strongroom.delivery.egress.tunnel import Tunnel
from strongroom.services.live import LiveSession
from strongroom.services.usage import UseKey


@final
class Asked:
    """A request whose head has been read and checked."""

    __slots__ = ("authority", "body", "destination", "head", "live", "multiplexed", "target", "written")

    def __init__(  # noqa: PLR0913 - one argument per thing that was read
        self,
        head: RequestHead,
        body: BodyReader | None,
        destination: Destination,
        target: bytes = b"",
        authority: bytes = b"",
        *,
        multiplexed: bool = False,
    ) -> None:
        self.head = head
        self.body = body
        self.destination = destination
        self.target = target
        self.authority = authority
        """The Host to send."""
        self.multiplexed = multiplexed
        """Whether the client speaks HTTP/2."""
        self.live: LiveSession | None = None
        self.written: tuple[list[bytes], list[UseKey]] | None = None
        """The lines that its fields become, and what to count then; where that was known before."""

    @property
    def complete(self) -> bool:
        """Whether the client has nothing more to send of it."""
        return self.body is None or self.body.done

    @property
    def takes_trailers(self) -> bool:
        """Whether the client can make something of fields behind a reply's body (RFC 9110 6.5.1)."""
        return self.multiplexed or b"trailers" in self.head.tokens(b"te")

    @property
    def keeps_client(self) -> bool:
        """Whether the client's connection may carry another request."""
        head = self.head
        if b"connection" not in head.names:
            return head.minor == 1
        tokens = head.tokens(b"connection")
        return b"close" not in tokens and (head.minor == 1 or b"keep-alive" in tokens)


def asked_of_proxy(raw: bytes) -> Asked:
    """Read the head of a request to the proxy itself. Raises a refusal."""
    head = parse_request(raw)
    if head.method == b"CONNECT":
        return Asked(head, None, connect_destination(head))
    destination, target = absolute_destination(head)
    return Asked(head, request_body(head), destination, target=target, authority=destination.authority.encode())


def asked_inside(raw: bytes, tunnel: Tunnel) -> Asked:
    """Read the head of a request inside a tunnel. Raises a refusal."""
    head = parse_request(raw)
    if head.method == b"CONNECT":
        raise bad_request("a tunnel inside a tunnel is not supported")
    asked = Asked(head, request_body(head), tunnel.destination, tunnel.target_of(head), tunnel.authority)
    asked.multiplexed = tunnel.multiplexed  # not an argument by name: those cost as much as all that is done with them
    return asked
