"""Runs a conversation without sockets: says what the client and the upstream say, and notes what each hears."""

import json

from strongroom.core.failures import Failure, NotAuthenticated
from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Counters, Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress import events as on
from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.shares import Share
from tests.delivery.egress.doubles import TOKEN, FixedDelivery

AUTHORIZED = f"Proxy-Authorization: Bearer {TOKEN}\r\n".encode()
CONNECT = b"CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n" + AUTHORIZED + b"\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\n"


class Talk:
    """One client connection. Questions are answered at once from a `FixedDelivery`; upstreams open at once."""

    def __init__(self, delivery: FixedDelivery | None = None, *, limits: Limits | None = None) -> None:
        self.delivery = delivery or FixedDelivery()
        self.counters = Counters()
        self.share = Share(limits or Limits())
        self.conversation = Conversation(limits=limits or Limits(), counters=self.counters)
        self.done: list[do.Command] = []
        self.to_client = b""
        self.largest = 0
        self.to_upstream = b""
        self.opened: list[Destination] = []
        self.reuse = False
        self.reused = False
        self.dial_failure: Failure | None = None

    def tunnel(self) -> "Talk":
        """Open a tunnel to api.example.com and begin TLS in it."""
        self.client(CONNECT)
        assert self.heard_by_client() == ESTABLISHED
        self.client(b"\x16")
        assert self.done.pop() == do.StartTls(Host("api.example.com"), b"\x16")
        return self

    def client(self, data: bytes) -> "Talk":
        return self.happen(on.ClientSent(data))

    def upstream(self, data: bytes) -> "Talk":
        return self.happen(on.UpstreamSent(data))

    def upstream_gone(self, *, clean: bool = True) -> "Talk":
        return self.happen(on.UpstreamGone(clean, self.reused))

    def happen(self, event: on.Event) -> "Talk":
        events = [event]
        while events:
            for command in self.conversation.receive(events.pop(0)):
                answer = self.obey(command)
                if answer is not None:
                    events.append(answer)
        return self

    def obey(self, command: do.Command) -> on.Event | None:  # noqa: C901, PLR0911, PLR0912 - one for each command
        match command:
            case do.AwaitClient():
                return on.ClientReady()
            case do.AwaitUpstream():
                return on.UpstreamReady()
            case do.SendClient(data):
                self.to_client += data
                self.largest = max(self.largest, len(data))
                return None
            case do.SendUpstream(data):
                self.to_upstream += data
                return None
            case do.FindSession(token):
                live = self.delivery._found(token)
                if live is None:
                    return on.Failed(NotAuthenticated(presented=True))
                return on.SessionFound(live, self.share)
            case do.MakePlan(live, destination, rejected):
                try:
                    return on.PlanMade(self.delivery.make(live, destination, rejected))
                except Failure as failure:
                    return on.Failed(failure)
            case do.OpenUpstream(_, destination, fresh):
                self.opened.append(destination)
                if self.dial_failure is not None:
                    return on.Failed(self.dial_failure)
                self.reused = self.reuse and not fresh
                return on.UpstreamOpened()
            case do.CountRefusal(token, code, host):
                live = self.delivery._found(token)
                if live is not None:
                    live.turned_away(code, host)
                return None
            case _:
                self.done.append(command)
                return None

    def heard_by_client(self) -> bytes:
        heard, self.to_client = self.to_client, b""
        return heard

    def heard_by_upstream(self) -> bytes:
        heard, self.to_upstream = self.to_upstream, b""
        return heard


def request(
    target: str = "/", *fields: str, method: str = "GET", host: str = "api.example.com", body: bytes = b""
) -> bytes:
    """A request as a client sends it inside a tunnel."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def reply(body: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    """A reply with a Content-Length."""
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def refused(heard: bytes) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    head, _, body = heard.partition(b"\r\n\r\n")
    told = json.loads(body)["error"]
    assert f"strongroom-refused: {told['code']}".encode() in head
    return int(head[9:12]), told["code"], told["message"]


def unchunked(body: bytes) -> bytes:
    out = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            return out
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
