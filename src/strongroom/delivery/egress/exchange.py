"""One request and its reply: bytes from the client, bytes to the upstream, and back.

Rules kept here:
- nothing is sent before there is something to send, so a gathered body holds no connection;
- a request is sent a second time only if the first connection was a kept one that died without a byte of reply, and
  the request may be repeated (RFC 9110 9.2.2) and has no body;
- an upstream's connection is kept only if request and reply are both complete and nothing follows them.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.bodies import BodyReader
from strongroom.delivery.egress.commands import (
    Command,
    DropUpstream,
    KeepUpstream,
    OpenUpstream,
    SendClient,
    SendUpstream,
)
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import RequestHead
from strongroom.delivery.egress.incoming import Incoming
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.outgoing import Outgoing, upgrades
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.services.live import LivePlan, LiveSession

_REPEATABLE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Upstream(Enum):
    """What an exchange has of its upstream."""

    NONE = auto()
    OPENING = auto()
    OPEN = auto()


@final
class Asked:
    """A request whose head has been read and checked."""

    __slots__ = ("authority", "body", "destination", "head", "live", "target")

    def __init__(
        self,
        head: RequestHead,
        body: BodyReader | None,
        destination: Destination,
        *,
        target: bytes = b"",
        authority: bytes = b"",
    ) -> None:
        self.head = head
        self.body = body
        self.destination = destination
        self.target = target
        self.authority = authority
        """The Host to send."""
        self.live: LiveSession | None = None

    @property
    def complete(self) -> bool:
        """Whether the client has nothing more to send of it."""
        return self.body is None or self.body.done

    @property
    def keeps_client(self) -> bool:
        """Whether the client's connection may carry another request."""
        head = self.head
        if b"connection" not in head.names:
            return head.minor == 1
        tokens = head.tokens(b"connection")
        return b"close" not in tokens and (head.minor == 1 or b"keep-alive" in tokens)


@final
class Exchange:
    """Follows one request from its plan to the last byte of the reply. Raises refusals."""

    __slots__ = (
        "_emit",
        "_live",
        "_pending",
        "_replay",
        "_reused",
        "asked",
        "incoming",
        "outgoing",
        "pending_bytes",
        "upstream",
    )

    def __init__(  # noqa: PLR0913 - one argument per thing it works with
        self,
        asked: Asked,
        plan: LivePlan,
        live: LiveSession,
        *,
        limits: Limits,
        counters: Counters,
        emit: Callable[[Command], None],
    ) -> None:
        head = asked.head
        upgrade = _upgrade(head, plan)
        self.asked = asked
        self.outgoing = Outgoing(
            head,
            asked.target,
            asked.body,
            authority=asked.authority,
            plan=plan,
            limits=limits,
            counters=counters,
            upgrade=upgrade,
        )
        self.incoming = Incoming(head, self.outgoing, plan, limits=limits, keep_client=asked.keeps_client)
        self.upstream = Upstream.NONE
        self.pending_bytes = 0
        """How much waits for the upstream's connection."""
        self._live = live
        self._emit = emit
        self._pending: list[bytes] = []
        self._replay: bytes | None = None
        self._reused = False

    def begin(self, early: bytes) -> bytes:
        """Start, with what has arrived behind the head; return what does not belong to the body."""
        if self.asked.body is None:
            request = self.outgoing.begin()
            if self.asked.head.method in _REPEATABLE and not self.outgoing.upgrading:
                self._replay = request
            self._send(request)
            return early
        if self.outgoing.gathers and not early and b"expect" in self.asked.head.names:
            self._emit(SendClient(_CONTINUE))  # the upstream will see head and body together
        start = self.outgoing.begin()
        if self.asked.body.done:  # Content-Length: 0
            self._send(start + self.outgoing.feed(b"", last=True))
            return early
        if start:
            self._send(start)
        return self.client_sent(early) if early else early

    def client_sent(self, data: bytes) -> bytes:
        """Take bytes of the request's body; return what does not belong to it."""
        body = self.asked.body
        if body is None or body.done:
            return data
        payload, rest = body.feed(data)
        out = self.outgoing.feed(payload, last=body.done)
        if out:
            self._send(out)
        return rest

    def opened(self, *, reused: bool) -> None:
        """Take the connection that was asked for."""
        self.upstream = Upstream.OPEN
        self._reused = reused
        pending = self._pending
        self._emit(SendUpstream(pending[0] if len(pending) == 1 else b"".join(pending)))
        self._pending = []
        self.pending_bytes = 0

    def upstream_sent(self, data: bytes) -> None:
        """Take bytes of the reply."""
        out = self.incoming.feed(data)
        if out:
            self._emit(SendClient(out))

    def upstream_gone(self, *, clean: bool) -> None:
        """Take the end of the upstream's connection."""
        self.upstream = Upstream.NONE
        if self.incoming.untouched:
            if not self._reused or self._replay is None:
                raise Refusal(Code.UPSTREAM_UNREACHABLE, "the upstream closed the connection without a reply")
            request, self._replay = self._replay, None
            self._send(request, fresh=True)
            return
        out = self.incoming.ended(clean=clean)
        if out:
            self._emit(SendClient(out))

    def release(self) -> None:
        """Give the upstream's connection back, or up if it is not fit for another request."""
        if self.upstream is Upstream.OPEN and self.incoming.done and self.incoming.reusable:
            self._emit(KeepUpstream())
        elif self.upstream is not Upstream.NONE:
            self._emit(DropUpstream())
        self.upstream = Upstream.NONE

    def _send(self, data: bytes, *, fresh: bool = False) -> None:
        if self.upstream is Upstream.OPEN:
            self._emit(SendUpstream(data))
            return
        self._pending.append(data)
        self.pending_bytes += len(data)
        if self.upstream is Upstream.NONE:
            self.upstream = Upstream.OPENING
            self._emit(OpenUpstream(self._live, self.asked.destination, fresh))


def _upgrade(head: RequestHead, plan: LivePlan) -> bytes | None:
    """Return the protocol to change to. Raises a refusal where secrets are at stake.

    After the change bytes could not be searched any more: WebSocket frames are masked (RFC 6455 5.3).
    """
    if b"upgrade" not in head.names:
        return None
    protocol = upgrades(head)
    if protocol is not None and (plan.plan.swaps or plan.plan.placements):
        raise Refusal(
            Code.UPGRADE_NOT_SUPPORTED, "WebSocket is not supported to hosts for which the session holds a credential"
        )
    return protocol
