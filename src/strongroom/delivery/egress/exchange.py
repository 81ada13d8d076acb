"""One request and its reply: bytes from the client, bytes to the upstream, and back.

Rules kept here:
- nothing is sent before there is something to send, so a gathered body holds no connection;
- a request is sent a second time only if the first connection was a kept one that died without a byte of reply, and
  the request may be repeated (RFC 9110 9.2.2) and has no body;
- an upstream's connection is kept only if request and reply are both complete and nothing follows them.
"""

from collections.abc import Callable
from typing import final

from strongroom.core.plans import Destination
from strongroom.delivery.egress.bodies import BodyReader
from strongroom.delivery.egress.commands import (
    AwaitClient,
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
from strongroom.delivery.egress.outgoing import Outgoing, body_swaps, upgrades
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.delivery.egress.request_lines import request_lines
from strongroom.services.live import LivePlan, LiveSession

_REPEATABLE = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"})
_EMPTY_LINE = (b"", b"")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


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
        "_counters",
        "_emit",
        "_limits",
        "_live",
        "_outgoing",
        "_plan",
        "_replay",
        "_uses_upstream",
        "asked",
        "incoming",
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
        self.asked = asked
        self.incoming = Incoming(asked.head, plan, limits=limits, keep_client=asked.keeps_client)
        self._plan = plan
        self._live = live
        self._limits = limits
        self._counters = counters
        self._emit = emit
        self._outgoing: Outgoing | None = None
        self._replay: bytes | None = None
        self._uses_upstream = False

    def begin(self, early: bytes) -> bytes:
        """Start, with what has arrived behind the head; return what does not belong to the body."""
        asked, plan = self.asked, self._plan
        head, body = asked.head, asked.body
        protocol = _upgrade(head, plan) if b"upgrade" in head.names else None
        if body is not None:
            return self._begin_body(body, early)
        lines = request_lines(head, asked.target, authority=asked.authority, plan=plan)
        if protocol is not None:
            self.incoming.upgrading = True
            lines += (b"Connection: Upgrade", b"Upgrade: " + protocol)
        lines += _EMPTY_LINE
        request = b"\r\n".join(lines)
        if head.method in _REPEATABLE and protocol is None:
            self._replay = request
        self._send(request)
        self.incoming.request_complete()
        return early

    def _begin_body(self, body: BodyReader, early: bytes) -> bytes:
        asked, plan = self.asked, self._plan
        outgoing = Outgoing(asked.head, body, plan=plan, limits=self._limits, counters=self._counters)
        self._outgoing = outgoing
        lines = request_lines(
            asked.head,
            asked.target,
            authority=asked.authority,
            plan=plan,
            body_may_carry=body_swaps(plan.plan),
            expects=not outgoing.gathers,
        )
        if outgoing.gathers and not early and not body.done and b"expect" in asked.head.names:
            self._emit(SendClient(_CONTINUE))  # the upstream will see head and body together
        start = outgoing.begin(lines)
        if body.done:  # Content-Length: 0
            self._send(start + outgoing.feed(b"", last=True))
            self.incoming.request_complete()
            return early
        if start:
            self._send(start)
        return self.client_sent(early) if early else early

    def client_sent(self, data: bytes) -> bytes:
        """Take bytes of the request's body; return what does not belong to it."""
        body, outgoing = self.asked.body, self._outgoing
        if body is None or outgoing is None or outgoing.finished:
            return data
        payload, rest = body.feed(data)
        last = body.done
        out = outgoing.feed(payload, last=last)
        if out:
            self._send(out)
        if last:
            self.incoming.request_complete()
        return rest

    def upstream_sent(self, data: bytes) -> None:
        """Take bytes of the reply."""
        out = self.incoming.feed(data)
        if out:
            self._emit(SendClient(out))
        if self.incoming.pending:
            self._emit(AwaitClient())

    def client_ready(self) -> None:
        """Send the client more of what has arrived."""
        out = self.incoming.resume()
        if out:
            self._emit(SendClient(out))
        if self.incoming.pending:
            self._emit(AwaitClient())

    def upstream_gone(self, *, clean: bool, reused: bool) -> None:
        """Take the end of the upstream's connection; `reused` if it had carried other requests before."""
        self._uses_upstream = False
        if self.incoming.untouched:
            if not reused or self._replay is None:
                raise Refusal(Code.UPSTREAM_UNREACHABLE, "the upstream closed the connection without a reply")
            self._send(self._replay, fresh=True)
            return
        out = self.incoming.ended(clean=clean)
        if out:
            self._emit(SendClient(out))

    def release(self) -> None:
        """Give the upstream's connection back, or up if it is not fit for another request."""
        if self._uses_upstream:
            incoming = self.incoming
            self._emit(KeepUpstream() if incoming.done and incoming.reusable else DropUpstream())
            self._uses_upstream = False

    def _send(self, data: bytes, *, fresh: bool = False) -> None:
        if self._uses_upstream:
            self._emit(SendUpstream(data))
        else:
            self._uses_upstream = True
            self._emit(OpenUpstream(self._live, self.asked.destination, fresh, data))


def _upgrade(head: RequestHead, plan: LivePlan) -> bytes | None:
    """Return the protocol to change to. Raises a refusal where secrets are at stake.

    After the change bytes could not be searched any more: WebSocket frames are masked (RFC 6455 5.3).
    """
    protocol = upgrades(head)
    if protocol is not None and (plan.plan.swaps or plan.plan.placements):
        raise Refusal(
            Code.UPGRADE_NOT_SUPPORTED, "WebSocket is not supported to hosts for which the session holds a credential"
        )
    return protocol
