"""An upstream's reply on its way to the client: fields forwarded, secrets taken out, body framed anew.

Rules kept here:
- a reply is scrubbed of what the session had sent to the host when its head arrived; if the request is still being
  sent, also of everything it may yet send;
- where its length may change, a stream is scrubbed of what is sent while it is open, too;
- a scrubbed reply is decoded first; if that cannot be done the client gets none of it; unless all that could be in it
  is worthless without a secret that never leaves: then it keeps its encoding and its length;
- no more is decoded than the client takes: what it decodes to comes piece by piece, and `resume` gives out the next;
- a reply that begins before its request is complete is the connection's last;
- no field of ours says more about the body than is true: where its length is not known it goes out in chunks, or, to
  clients of HTTP/1.0, until the connection ends.
"""

from typing import final

from strongroom.core.length_prefixed import LengthPrefixed, Piecewise
from strongroom.core.scrubbing import Scrubber
from strongroom.core.substitution import MESSAGES, body_encoding
from strongroom.delivery.egress.bodies import LAST_CHUNK, BodyReader, OpenReader, chunk, last_chunk, reply_body
from strongroom.delivery.egress.decoding import Decoder, decoder, plain, require_plain_message, require_plain_messages
from strongroom.delivery.egress.handshake import Handshake
from strongroom.delivery.egress.head import HeadBuffer, ReplyHead, RequestHead, parse_reply
from strongroom.delivery.egress.hops import HOP_BY_HOP, not_forwarded, persists
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.refusals import bad_reply
from strongroom.delivery.egress.trailers import clean_fields, forwarded
from strongroom.services.live import LivePlan

FINAL = 200
"""The first status that is not interim."""
_SWITCHING = 101
_REJECTED = 401
_MAX_INTERIM = 64


@final
class Incoming:
    """One reply, interim ones before it included: `feed` what the upstream sends, and send on what comes back."""

    __slots__ = (
        "_buffer",
        "_chunked",
        "_decoder",
        "_ending",
        "_gathered",
        "_head",
        "_interim",
        "_keep_trailers",
        "_limits",
        "_overflowed",
        "_plan",
        "_reader",
        "_request",
        "_request_complete",
        "_stream",
        "done",
        "handshake",
        "held_back",
        "holds_back",
        "keep_client",
        "pending",
        "reusable",
        "started",
        "switched",
    )

    def __init__(
        self, request: RequestHead, plan: LivePlan, *, limits: Limits, keep_client: bool, keep_trailers: bool
    ) -> None:
        self._request = request
        self._request_complete = False
        self._plan = plan
        self._limits = limits
        self._buffer = HeadBuffer(limits.head_bytes)
        self._interim = 0
        self._head: ReplyHead | None = None
        self._reader: BodyReader | None = None
        self._decoder: Decoder | None = None
        self._stream: Piecewise | None = None
        self._gathered: list[bytes] | None = None
        self._chunked = False
        self._keep_trailers = keep_trailers
        self.keep_client = keep_client
        """Whether the client's connection goes on after this reply."""
        self.reusable = False
        """Whether the upstream's connection may carry another request."""
        self.started = False
        """Whether the client has been given a part of the final reply."""
        self.done = False
        self.pending = False
        """Whether there is more to send: call `resume` as soon as the client has room for it."""
        self._ending = False
        self.holds_back = False
        """Whether to hold a 401 back: the request can be sent again with another token."""
        self.held_back: ReplyHead | None = None
        """The head of a 401 that is held back; what follows it waits."""
        self._overflowed = False
        self.handshake: Handshake | None = None
        """Set if the upstream may change to WebSocket."""
        self.switched: bytes | None = None
        """What followed the head by which the upstream changed to another protocol."""

    def request_complete(self) -> None:
        """Note that the upstream has been sent all of the request."""
        self._request_complete = True

    @property
    def untouched(self) -> bool:
        """Whether the upstream has not sent a byte."""
        head = self._head or self.held_back
        return head is None and not self._interim and not self._buffer.held

    def feed(self, data: bytes) -> bytes:
        """Return what to send to the client. Raises a refusal for what the upstream may not send."""
        if self._head is not None:
            return self._body(data)
        if self.held_back is not None and len(self._buffer.held) > self._limits.head_bytes:
            self._overflowed = True
            return b""
        self._buffer.add(data)
        if self.held_back is not None:
            return b""
        out = b""
        while self.switched is None:
            raw = self._next_head()
            if raw is None:
                break
            head = parse_reply(raw)
            if head.status >= FINAL:
                if head.status == _REJECTED and self.holds_back and self._request_complete:
                    self.held_back = head
                    return out
                return out + self._final(head)
            out += self._interim_reply(head)
        return out

    def pass_back(self) -> bytes:
        """Return what was held back, to be sent to the client after all."""
        head, self.held_back = self.held_back, None
        if head is None:
            return b""
        if self._overflowed:
            raise bad_reply("the upstream's 401 reply is too long")
        return self._final(head)

    def ended(self, *, clean: bool) -> bytes:
        """Take the end of the upstream's connection. Raises a refusal if the reply is not complete with it."""
        if self._ending:
            return b""  # only the client has not got everything yet
        if not clean or not isinstance(self._reader, OpenReader):
            raise bad_reply("the upstream closed the connection before its reply was complete")
        return self._pass_on(b"", last=True)

    def resume(self) -> bytes:
        """Return the next part of what has arrived."""
        return self._decoded(self._decoder) if self._decoder is not None and self.pending else b""

    def _next_head(self) -> bytes | None:
        try:
            return self._buffer.head()
        except OverflowError:
            raise bad_reply("the upstream's reply head is too large") from None

    def _interim_reply(self, head: ReplyHead) -> bytes:
        self._interim += 1
        if self._interim > _MAX_INTERIM or b"content-length" in head.names or b"transfer-encoding" in head.names:
            raise bad_reply("the upstream's interim replies break the rules of HTTP/1.1")
        if head.status == _SWITCHING:
            return self._switch(head)
        return _head(head, self._scrubber(), b"\r\n") if self._request.minor else b""

    def _switch(self, head: ReplyHead) -> bytes:
        handshake = self.handshake
        if handshake is None:
            raise bad_reply("the upstream changes the protocol unasked")
        handshake.check(head)
        self.switched = self._buffer.rest()
        return _head(head, self._scrubber(), handshake.answer)

    @property
    def _all_sent(self) -> bool:
        """Whether nothing secret of this request is still to be sent."""
        return self._request_complete or not self._plan.fills_bodies

    def _scrubber(self) -> Scrubber:
        plan = self._plan
        if self._request_complete or self._all_sent:
            return plan.sent.scrubber
        return plan.sent.scrubber_with(plan.plan.marked())

    def _cleaning(self, head: ReplyHead, reader: BodyReader, scrubber: Scrubber) -> Piecewise | None:
        """Return what cleans a body that is sent on as it comes, or None where nothing can be in it."""
        plan = self._plan
        if of_messages(head):
            return self._messages(scrubber)
        if not self._all_sent:
            return scrubber.stream()
        if scrubber.keeps_length and reader.length is not None:
            return scrubber.stream() if scrubber else None
        if scrubber:
            return plan.sent.stream()
        open_ended = reader.length is None and (plan.plan.swaps or plan.plan.placements)
        return plan.sent.stream() if open_ended and plain(head.all(b"content-encoding")) else None

    def _messages(self, scrubber: Scrubber) -> LengthPrefixed:
        """Return what cleans a body of messages that tell their lengths."""
        sent = self._plan.sent
        within = sent.fitting_stream() if self._all_sent else sent.fitting_with(self._plan.plan.marked()).stream()

        def look_at(flag: int) -> None:
            if not (scrubber.keeps_length and sent.scrubber.keeps_length):
                require_plain_message(flag)

        return LengthPrefixed(within, look_at)

    def _final(self, head: ReplyHead) -> bytes:
        self._head = head
        scrubber = self._scrubber()
        reader = self._reader = reply_body(head, method=self._request.method)
        self.keep_client = self.keep_client and self._request_complete
        if reader is None:
            self.done = self.started = True
            self._settle_upstream(head, self._buffer.rest())
            return _head(head, scrubber, self._framing(_told_length(head, self._request)))
        if not scrubber.keeps_length:
            require_plain_messages(head)
        if b"content-encoding" in head.names and not scrubber.keeps_length:
            self._decoder = decoder(head.all(b"content-encoding"))
        payload, rest = reader.feed(self._buffer.rest())
        behind = reader.trailers and self._keep_trailers
        if reader.done:
            self._settle_upstream(head, rest)
            if not behind:
                return self._whole(head, payload, scrubber)
        self._stream = self._cleaning(head, reader, scrubber)
        if scrubber and reader.length is not None and reader.length <= self._limits.gathered_reply_bytes:
            self._gathered = [payload]
            return b""
        return self._beginning(head, reader.length, scrubber) + self._pass_on(payload, last=reader.done)

    def _whole(self, head: ReplyHead, payload: bytes, scrubber: Scrubber) -> bytes:
        """Return the complete reply to a body that is at hand."""
        if self._decoder is not None:
            self._decoder.feed(payload)
            payload = self._decoder.read()
            if self._decoder.pending:
                return self._grown(head, payload, scrubber)
            self._decoder.finish()
        messages = of_messages(head) and not scrubber.keeps_length
        if messages or scrubber.concerns(payload):
            cleaning = self._messages(scrubber) if of_messages(head) else scrubber.stream()
            payload = cleaning.feed(payload) + cleaning.finish()
        self.done = self.started = True
        framing = self._framing(b"Content-Length: %d\r\n" % len(payload))
        return _head(head, scrubber, framing, decoded=self._decoder is not None) + payload

    def _grown(self, head: ReplyHead, payload: bytes, scrubber: Scrubber) -> bytes:
        """Return the beginning of a reply that is at hand, but too large to be decoded at once."""
        self._gathered = None
        self._ending = self.pending = True
        self._stream = self._stream or scrubber.stream()
        return self._beginning(head, None, scrubber) + self._framed(payload, last=False)

    def _beginning(self, head: ReplyHead, length: int | None, scrubber: Scrubber) -> bytes:
        """Return the head of a reply that is sent on as it comes."""
        self.started = True
        if length is not None and scrubber.keeps_length:
            framing = b"Content-Length: %d\r\n" % length
        elif self._request.minor:
            self._chunked = True
            framing = b"Transfer-Encoding: chunked\r\n"
        else:
            self.keep_client = False
            framing = b""
        return _head(head, scrubber, self._framing(framing), decoded=self._decoder is not None)

    def _body(self, data: bytes) -> bytes:
        reader, head = self._reader, self._head
        if self.done or self._ending or reader is None or head is None:
            self.reusable = False  # bytes that belong to no reply: RFC 9112 9.2
            return b""
        payload, rest = reader.feed(data)
        if not reader.done:
            return self._pass_on(payload, last=False)
        self._settle_upstream(head, rest)
        if self._gathered is not None:
            return self._whole(head, b"".join([*self._gathered, payload]), self._scrubber())
        return self._pass_on(payload, last=True)

    def _pass_on(self, payload: bytes, *, last: bool) -> bytes:
        if self._gathered is not None:
            self._gathered.append(payload)
            return b""
        self._ending = last
        if self._decoder is None:
            return self._framed(payload, last=last)
        self._decoder.feed(payload)
        return b"" if self.pending else self._decoded(self._decoder)

    def _decoded(self, decoding: Decoder) -> bytes:
        payload = decoding.read()
        self.pending = decoding.pending
        last = self._ending and not self.pending
        if last:
            decoding.finish()
        return self._framed(payload, last=last)

    def _framed(self, payload: bytes, *, last: bool) -> bytes:
        """Return a piece of the body as it is sent to the client."""
        self.done = last
        if self._stream is not None:
            payload = self._stream.feed(payload) + self._stream.finish() if last else self._stream.feed(payload)
        if self._chunked:
            return chunk(payload) + self._last_chunk() if last else chunk(payload)
        return payload

    def _last_chunk(self) -> bytes:
        """Return the end of a body in chunks, with what may follow it."""
        reader = self._reader
        if reader is None or not reader.trailers or not self._keep_trailers:
            return LAST_CHUNK
        return last_chunk(forwarded(reader.trailers, self._scrubber()))

    def _framing(self, length: bytes) -> bytes:
        if not self.keep_client:
            return length + b"Connection: close\r\n\r\n"
        return length + (b"\r\n" if self._request.minor else b"Connection: keep-alive\r\n\r\n")

    def _settle_upstream(self, head: ReplyHead, rest: bytes) -> None:
        """Decide whether the upstream's connection is fit for another request."""
        self.reusable = not rest and self._request_complete and persists(head)


def of_messages(head: ReplyHead) -> bool:
    """Tell whether a reply says that its body is messages that tell their lengths."""
    return body_encoding(head.one(b"content-type") or b"") is MESSAGES


def _told_length(head: ReplyHead, request: RequestHead) -> bytes:
    """Return the Content-Length line of a reply without a body, where it speaks of the body left out (RFC 9110 8.6)."""
    if request.method != b"HEAD" and head.status != 304:  # noqa: PLR2004
        return b""
    length = head.one(b"content-length")
    return b"" if length is None else b"Content-Length: %b\r\n" % length


def forwarded_head(head: ReplyHead, framing: bytes, *, decoded: bool = False) -> bytes:
    """Return the head as it came, but for what concerns the hop to the upstream; `framing` as for `_head`."""
    lines = head.lines_without(not_forwarded(head, _DECODED if decoded else NOT_FORWARDED))
    return b"\r\n".join([head.line, *lines, framing])


def _head(head: ReplyHead, scrubber: Scrubber, framing: bytes, *, decoded: bool = False) -> bytes:
    """Return the head to send to the client; `framing` holds our own fields and the empty line."""
    kept = forwarded_head(head, framing, decoded=decoded)
    if not scrubber.concerns(kept):
        return kept
    lines = head.lines_without(not_forwarded(head, _DECODED if decoded else NOT_FORWARDED))
    status = b"HTTP/1.1 %d %b" % (head.status, scrubber.clean(head.reason))
    return b"\r\n".join([status, *clean_fields(lines, scrubber), framing])


NOT_FORWARDED = HOP_BY_HOP | {
    b"alt-svc",  # RFC 7838: other ways to the upstream, which would lead around the proxy
    b"sec-websocket-accept",  # written anew once it has been checked
}
_DECODED = NOT_FORWARDED | {b"content-encoding"}
