"""A client and an upstream that say anything to the proxy, in any order, and what must hold all the same.

Rules held here, by a parser that is not ours (`reading.py`):
- the upstream reads exactly the requests that the client sent, from the first on, and none that the client did not;
- the client reads exactly the replies that the upstream sent, or one of our own, whole or cut off visibly;
- a secret that was sent is never in what the client hears, and a placeholder that does not belong stays what it is.

The input is a script: a byte that chooses the plan, then turns, each introduced by a record separator and a letter.
"""

import base64
import binascii
import contextlib
import re

from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.events import Waiting
from tests.delivery.egress.doubles import PLACEHOLDER, STRAY, FixedDelivery, swap
from tests.delivery.egress.talk import Talk, reply, request
from tests.fuzz.reading import Message, Replies, Requests, unread

SEPARATOR = b"\x1e"
SECRET = "hushHUSH0123456789abcdefXYZ"  # reads the same in every encoding, so that forms can be compared
_SWAPPED = PLACEHOLDER.encode(), SECRET.encode()
_ABSOLUTE = re.compile(rb"https?://[^/?]*", re.IGNORECASE)

NOT_COMPARED = frozenset(
    {
        b"host",  # written anew: the dialled authority
        b"content-length",  # written anew, with the framing that is really used
        b"transfer-encoding",
        b"accept-encoding",  # replaced where a secret may come back
        b"range",
        b"if-range",
        b"expect",
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"upgrade",
        b"http2-settings",
        b"sec-websocket-extensions",
    }
)


def check(data: bytes) -> None:
    """Play a script. Raises `AssertionError` where a rule does not hold."""
    Play(secrets=data[:1] < b"a").run(data[1:].split(SEPARATOR)[1:])


class Play:
    """One connection, and both sides' bytes as they were said and heard."""

    def __init__(self, *, secrets: bool) -> None:
        delivery = FixedDelivery(swaps=(swap(secret=SECRET),)) if secrets else FixedDelivery()
        self.talk = Talk(delivery).tunnel()
        if secrets:  # from here on every reply may hold it
            self.talk.client(request("/", f"X: {PLACEHOLDER}")).upstream(reply())
            assert SECRET.encode() in self.talk.heard_by_upstream()
            self.talk.heard_by_client()
        self.talk.done.clear()
        self.secrets = secrets
        self.asked = Requests()
        self.forwarded = Requests()
        self.answered: list[Replies] = []
        self.heard = Replies()
        self.all_asked = b""
        self.all_heard = b""

    def run(self, turns: list[bytes]) -> None:
        for turn in turns:
            self.turn(turn[:1], turn[1:])
        self.compare_requests()
        self.compare_replies()

    def turn(self, who: bytes, said: bytes) -> None:
        talk = self.talk
        match who:
            case b"C":
                self.asked.feed(said)
                self.all_asked += said
                talk.client(said)
            case b"U" if talk.conversation.waiting is Waiting.ANSWER:
                if not self.answered or talk.done:
                    self.answered.append(Replies())
                    talk.done.clear()
                self.answered[-1].feed(said)
                talk.upstream(said)
            case b"E" | b"X" if talk.conversation.waiting is Waiting.ANSWER:
                talk.upstream_gone(clean=who == b"E")
            case b"P":
                talk.delivery.live.forget()
            case _:
                return
        self.forwarded.feed(talk.heard_by_upstream())
        heard = talk.heard_by_client()
        self.all_heard += heard
        self.heard.feed(heard)

    def compare_requests(self) -> None:
        assert not self.forwarded.broken, "what is forwarded is HTTP"
        most = len(self.asked.messages)
        assert self.asked.over or len(self.forwarded.messages) <= most, "nothing is forwarded that was not asked"
        for sent, asked in zip(self.forwarded.messages, self.asked.messages, strict=False):
            method, _, target = asked.start.partition(b" ")
            wanted = as_client(method + b" " + origin_form(target))
            assert as_client(sent.start) == wanted, "the target is forwarded as it came"
            assert missing(sent, asked) == [], "the fields are forwarded as they came"
            if self.asked.over and asked is self.asked.messages[-1]:
                return  # it offers another protocol, and llhttp reads no body behind such an offer
            body, said = as_client(sent.body), as_client(asked.body)
            assert said.startswith(body), "the body is forwarded as it came"
            assert not sent.complete or body == said, "a body that ends is whole"

    def compare_replies(self) -> None:
        if self.secrets:
            assert SECRET.encode() not in self.all_heard
        if self.asked.over or any(asked.start.startswith(b"HEAD ") for asked in self.asked.messages):
            return  # replies without bodies, or other than HTTP, and llhttp is not told
        cut = any(isinstance(command, do.AbortClient) for command in self.talk.done)
        assert not self.heard.broken or cut, "what the client hears is HTTP"
        told = [final for replies in self.answered for final in finals(replies)[:1]]
        ours = [heard for heard in finals(self.heard) if heard.values(b"strongroom-refused")]
        theirs = [heard for heard in finals(self.heard) if not heard.values(b"strongroom-refused")]
        more = len(ours) - len(self.asked.messages)
        assert more <= 0 or (more == 1 and unread(self.all_asked)), "an answer is to a request, or to what is none"
        said = iter(told)  # some of it was refused, and answered by us
        for heard in theirs:
            assert any(passes(each, heard) for each in said), "what is passed on was said, in this order"


def finals(replies: Replies) -> list[Message]:
    return [each for each in replies.messages if each.start and not each.start.startswith(b"1")]


def passes(said: Message, heard: Message) -> bool:
    """Tell whether one reply may have become the other on its way."""
    if heard.start != said.start:
        return False
    return bool(said.values(b"content-encoding")) or as_client(said.body).startswith(as_client(heard.body))


def as_client(data: bytes) -> bytes:
    """Return bytes with the secret as the client knows it, also where it is the password of Basic authorization."""
    if data[:6].lower() == b"basic ":
        with contextlib.suppress(binascii.Error):
            decoded = base64.b64decode(data[6:].strip() + b"==")
            if _SWAPPED[1] in decoded or _SWAPPED[0] in decoded:
                return decoded.replace(_SWAPPED[1], _SWAPPED[0])
    return data.replace(_SWAPPED[1], _SWAPPED[0])


def origin_form(target: bytes) -> bytes:
    found = _ABSOLUTE.match(target)
    if found is None:
        return target
    rest = target[found.end() :]
    return rest if rest.startswith(b"/") or not found.end() else b"/" + rest


def missing(sent: Message, asked: Message) -> list[tuple[bytes, bytes]]:
    """Return the fields that were asked to be sent and did not arrive in their order; what arrived unasked as well."""
    named = {token.strip(b" \t").lower() for value in asked.values(b"connection") for token in value.split(b",")}
    arrived = [field for field in map(end_to_end, sent.fields) if field]
    lost: list[tuple[bytes, bytes]] = []
    for field in filter(None, map(end_to_end, asked.fields)):
        if arrived[:1] == [field]:
            del arrived[0]
        elif field[0] not in named:
            lost.append(field)
    return lost + arrived


def end_to_end(field: tuple[bytes, bytes]) -> tuple[bytes, bytes] | None:
    """Return a field as the client knows it, or None for one that concerns a single connection."""
    name, value = field
    return None if name in NOT_COMPARED or name.startswith(b"proxy-") else (name, as_client(value))


EXAMPLES = {"placeholder": PLACEHOLDER, "stray": STRAY, "secret": SECRET}
"""Words that scripts are made of."""
