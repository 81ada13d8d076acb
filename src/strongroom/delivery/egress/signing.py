"""Requests that an agent signed for AWS with placeholders, signed anew over what is really sent.

Rules kept here:
- nothing is sent of a request whose own signature is wrong, or of a kind that cannot be made anew;
- the body goes out as it came, since the signature covers it: placeholders in it are reported, not replaced;
- a body that only its hash ties to the signature is gathered up to a bound; one in signed chunks is held by the chunk;
- once the plan is over, no chunk is signed any more.
"""

import hashlib
from typing import final

from strongroom.core.needles import Stream
from strongroom.core.resigning import Resigning, find_signer
from strongroom.core.sigv4 import NOTHING_HASHED, Request
from strongroom.core.sigv4_chunks import LARGEST_CHUNK, LargeChunk, SignedChunks, WrongChunk
from strongroom.core.sigv4_claims import Unsupported
from strongroom.delivery.egress.asked import Asked
from strongroom.delivery.egress.bodies import LAST_CHUNK, BodyReader, chunk
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import RequestHead, value_of
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.outgoing import bounded
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.services.live import LivePlan

_UNCOMPRESSED = frozenset({b"", b"identity", b"aws-chunked"})
_MIB = 1 << 20


@final
class Signing:
    """How one request is signed anew."""

    __slots__ = ("_plan", "resigning")

    def __init__(self, resigning: Resigning, plan: LivePlan) -> None:
        self.resigning = resigning
        self._plan = plan

    def bare(self, target: bytes) -> bytes:
        """Return a target without what `signed` puts in."""
        return self.resigning.bare(target)

    def require(self, hashed: bytes) -> None:
        """Raise a refusal unless the agent's signature is right for a body that hashes to this."""
        if not self.resigning.verify(hashed):
            raise _mismatch("the AWS signature does not fit the request: sign it with the session's placeholder keys")

    def begin(self) -> None:
        """Count the use; called before anything is put into the head."""
        self._plan.signs(self.resigning.signer)

    def signed(self, lines: list[bytes]) -> list[bytes]:
        """Return the lines of a head, all that are sent, with its signature."""
        method, target, version = lines[0].split(b" ")
        fields = [(line.partition(b":")[0].lower(), value_of(line)) for line in lines[1:]]
        target, added = self.resigning.anew(method, target, fields)
        return [b" ".join((method, target, version)), *lines[1:], *added]

    def chunks(self) -> SignedChunks | None:
        """Return what signs a body in chunks; call it behind `signed`."""
        return self.resigning.chunks()


def find_signing(asked: Asked, plan: LivePlan) -> Signing | None:
    """Return how to sign a request anew, or None if it is not signed with a placeholder that belongs here."""
    head = asked.head
    fields = [(name, value_of(line)) for name, line in zip(head.names, head.lines, strict=True)]
    request = Request(method=head.method, target=asked.target, fields=fields)
    found = find_signer(plan.plan.signers, request)
    if found is None:
        return None
    if isinstance(found, Unsupported):
        raise Refusal(Code.SIGNATURE_NOT_SUPPORTED, f"the AWS signature {found.reason}")
    signing = Signing(found, plan)
    if asked.body is None:
        signing.require(NOTHING_HASHED)
    return signing


@final
class SignedOutgoing:
    """The body of such a request; it is used as an `Outgoing` is."""

    __slots__ = (
        "_chunked",
        "_chunks",
        "_gathered",
        "_hash",
        "_length",
        "_limits",
        "_plan",
        "_signing",
        "_watch",
        "gathers",
    )

    def __init__(  # noqa: PLR0913 - the request, and what it is made under
        self,
        head: RequestHead,
        body: BodyReader,
        signing: Signing,
        *,
        plan: LivePlan,
        limits: Limits,
        counters: Counters,
    ) -> None:
        self._signing = signing
        self._plan = plan
        self._limits = limits
        self._length = body.length
        self._gathered = 0
        self._hash = hashlib.sha256()
        self._watch: Stream = plan.substituter.watch()
        self._chunks: SignedChunks | None = None
        self.gathers = not signing.resigning.verify()
        """Whether to `start` only with the complete body."""
        if self.gathers and signing.resigning.word is not None:
            signing.require(NOTHING_HASHED)
        self._chunked = body.length is None and not self.gathers
        if self.gathers and (self._length or 0) > limits.signed_request_bytes:
            raise self._too_large()
        if not _UNCOMPRESSED.issuperset(head.tokens(b"content-encoding")):
            counters.unscanned_bodies += 1

    @property
    def held(self) -> int:
        """How many bytes wait here for the rest of their chunk."""
        return 0 if self._chunks is None else self._chunks.held

    def gather(self, payload: bytes) -> None:
        """Take note of a piece of the body that is held until it is complete."""
        self._gathered += len(payload)
        if self._gathered > self._limits.signed_request_bytes:
            raise self._too_large()
        self._hash.update(payload)

    def start(self, lines: list[bytes], payload: bytes, *, last: bool) -> bytes:
        """Return the head, made of these lines and signed, and behind it what has come of the body."""
        if self.gathers:
            self._signing.require(self._hash.hexdigest().encode())
        length = self._gathered if self.gathers else self._length
        framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
        head = b"\r\n".join([*self._signing.signed([*lines, framing]), b"", b""])
        self._chunks = self._signing.chunks()
        return bounded(head, self._limits) + self.feed(payload, last=last)

    def feed(self, payload: bytes, *, last: bool) -> bytes:
        """Take a piece of the body and return what to send."""
        payload = self._watch.feed(payload)
        if last:
            payload += self._watch.finish()
        if self._chunks is not None:
            payload = self._in_chunks(self._chunks, payload, last=last)
        if self._chunked:
            return chunk(payload) + LAST_CHUNK if last else chunk(payload)
        return payload

    def _in_chunks(self, chunks: SignedChunks, payload: bytes, *, last: bool) -> bytes:
        if not self._plan.live:
            raise Refusal(Code.UNAVAILABLE, "the credentials changed while the request was under way; send it again")
        try:
            payload = chunks.feed(payload)
            if last:
                chunks.finish()
        except WrongChunk:
            raise _mismatch("a chunk of the body does not fit its AWS signature") from None
        except LargeChunk:
            most = LARGEST_CHUNK // _MIB
            raise Refusal(Code.TOO_LARGE, f"a signed chunk of the body is larger than {most} MiB") from None
        return payload

    def _too_large(self) -> Refusal:
        most = self._limits.signed_request_bytes // _MIB
        return Refusal(
            Code.TOO_LARGE,
            f"the body is larger than {most} MiB, and its AWS signature covers it without x-amz-content-sha256",
        )


def _mismatch(sentence: str) -> Refusal:
    return Refusal(Code.SIGNATURE_MISMATCH, sentence)
