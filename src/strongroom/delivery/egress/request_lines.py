"""The head of a client's request as the upstream gets it: fields forwarded, placeholders replaced.

Rules kept here:
- the fields that frame or describe a message (`LITERAL`) never take a secret in, nor does any field's name;
- Host is the dialled authority; what belongs to the hop to the proxy stays there;
- where a secret may be in the reply, the upstream is asked for plain bytes and for the whole: a compressed reply would
  have to be decoded, and a part of one could be cut through the middle of a secret;
- unless nothing but what is worthless without a secret that never leaves could be cut: then it may ask for a part;
- of a request that is signed anew, the signature and what it is made with are left out here;
- where stray placeholders are refused, none stands anywhere in what is sent;
- what is not replaced goes out byte for byte as it came.
"""

from collections.abc import Collection

from strongroom.core.resigning import REPLACED_FIELDS
from strongroom.core.substitution import Substituter
from strongroom.delivery.egress.head import RequestHead, value_of
from strongroom.delivery.egress.hops import HOP_BY_HOP, NEGOTIATED, PARTS, not_forwarded
from strongroom.delivery.egress.signing import Signing
from strongroom.services.live import LivePlan

LITERAL = frozenset({b"expect", b"content-type", b"content-encoding"})
"""Forwarded as they are: they frame or describe the message."""

_WRITTEN_ANEW = HOP_BY_HOP | NEGOTIATED | {b"host"}
_AUTHORIZATION = len(b"authorization:")


def request_lines(  # noqa: PLR0913 - the request, and what it is made under
    head: RequestHead,
    target: bytes,
    *,
    authority: bytes,
    plan: LivePlan,
    signing: Signing | None = None,
    body_may_carry: bool = False,
    expects: bool = True,
) -> list[bytes]:
    """Return the lines to send, without their ends and without those that frame the body.

    Without `expects` the wish for a 100 is left out: the body goes with the head.
    """
    substituter = plan.substituter
    placed = substituter.placed(target.decode()) if plan.plan.placements and signing is None else None
    skipped = not_forwarded(head, _WRITTEN_ANEW if expects else _WRITTEN_ANEW | {b"expect"})
    if placed is not None:
        skipped |= {placed[0].lower().encode()}
    if signing is not None:
        signing.begin()
        target = signing.bare(target)
        skipped |= REPLACED_FIELDS
    touched = substituter.lines_in(head.raw)
    sent = substituter.target(target) if touched else target
    lines = [head.method + b" " + sent + b" HTTP/1.1", b"Host: " + authority]
    pairs = head.lower.find(b"basic") >= 0  # `in` raises inside, and takes longer
    if touched or pairs:
        lines += _substituted(head, skipped, substituter, touched, pairs=pairs)
    else:
        lines += head.lines_without(skipped)
    if placed is not None:
        lines.append(b"%b: %b" % (placed[0].encode(), placed[1]))
    if b"te" in head.names and b"upgrade" not in head.names and b"trailers" in head.tokens(b"te"):
        lines += (b"TE: trailers", b"Connection: TE")  # RFC 9110 10.1.4: said by each hop for itself
    scrubber = plan.sent.scrubber
    if scrubber.searches or body_may_carry:
        lines.append(b"Accept-Encoding: identity")
        if scrubber.keeps_length and not body_may_carry:
            lines += [line for name, line in zip(head.names, head.lines, strict=True) if name in PARTS]
    else:
        lines += [line for name, line in zip(head.names, head.lines, strict=True) if name in NEGOTIATED]
    if plan.plan.refuses_strays:
        substituter.require_none_left(b"\n".join(lines))
    return lines


def _substituted(
    head: RequestHead,
    skipped: frozenset[bytes],
    substituter: Substituter,
    touched: Collection[bytes],
    *,
    pairs: bool,
) -> list[bytes]:
    """Return the lines to forward, with secrets in their values: where one was `touched`, and in Basic if `pairs`."""
    lines: list[bytes] = []
    for name, line in zip(head.names, head.lines):  # noqa: B905 - as many, by the grammar
        if name in skipped:
            continue
        if pairs and name == b"authorization":
            value = value_of(line)
            pair = substituter.basic(value)
            if pair != value:
                lines.append(line[:_AUTHORIZATION] + b" " + pair)  # what was put in is not searched again
                continue
        if line in touched and name not in LITERAL:
            begin = len(name) + 1
            lines.append(line[:begin] + substituter.header_value(line[begin:]))
        else:
            lines.append(line)
    return lines
