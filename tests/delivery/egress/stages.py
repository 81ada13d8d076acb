"""A client in an open tunnel and idle connections to its upstream, without sockets: on either way through the proxy."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import cast

from strongroom.core.hosts import Host
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Counters, Limits
from strongroom.delivery.egress.driver import Driver
from strongroom.delivery.egress.events import ClientSent, UpstreamSent
from strongroom.delivery.egress.short_way import QuickConversation
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.testing.entropy import CountingEntropy
from tests.delivery.egress.doubles import FixedDelivery, swap
from tests.delivery.egress.talk import CONNECT, ESTABLISHED, reply, request
from tests.delivery.egress.test_pool import never

HOST = Destination("https", Host("api.example.com"), 443)
CONNECTIONS = 4
SMALL = Limits(head_bytes=2048, request_bytes=400)


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_extra_info(self, name: str) -> None:
        """Tell of no TLS around it."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class StillLoop:
    """The two things that a driver asks of its loop."""

    def time(self) -> float:
        return 0.0

    def call_soon(self, call: object) -> None: ...


@dataclass
class Heard:
    """A client that keeps what it is told."""

    told: list[object] = field(default_factory=list)

    @property
    def sent(self) -> bytes:
        return b"".join(each for each in self.told if isinstance(each, bytes))

    @property
    def ends(self) -> list[object]:
        return [each for each in self.told if not isinstance(each, bytes)]

    def send(self, data: bytes) -> None:
        self.told.append(data)

    def steer(self, *, paused: bool) -> bool:
        return True

    def start_tls(self, host: Host, early: bytes) -> None: ...

    def close(self, *, linger: bool) -> None:
        self.told.append(("closed", linger))

    def cut(self) -> None:
        self.told.append("cut")


class Stage:
    """A client in an open tunnel, and idle connections to its upstream. `short` lets it take the short way."""

    def __init__(self, *, short: bool, delivery: FixedDelivery | None = None, limits: Limits = SMALL) -> None:
        self.delivery = delivery or FixedDelivery(swaps=(swap(),))
        self.delivery.make(self.delivery.live, HOST)
        self.counters = Counters()
        self.short = short
        self.client = Heard()
        self.spawned: list[str] = []
        self.around = Surroundings(
            delivery=self.delivery,
            authority=None,  # type: ignore[arg-type]  # nobody speaks TLS here
            dialer=None,  # type: ignore[arg-type]  # and nobody dials
            counters=self.counters,
            limits=limits,
            spawn=self.spawn,  # type: ignore[arg-type]
            loop=StillLoop(),  # type: ignore[arg-type]
            departed=lambda: None,
            entropy=CountingEntropy(),
        )
        self.lane = self.around.pool.lane(self.delivery.live, HOST)
        self.upstreams = [UpstreamConnection(never) for _ in range(CONNECTIONS)]
        for connection in self.upstreams:
            connection.connection_made(Wire())  # type: ignore[arg-type]
            self.lane.keep(connection, 0.0)
        self.conversation = QuickConversation(limits=limits, counters=self.counters)
        self.driver = Driver(self.client, self.conversation, self.around)
        self.driver.happen(ClientSent(CONNECT))
        self.driver.happen(ClientSent(b"\x16"))
        assert self.client.told == [ESTABLISHED]
        self.driver.happen(ClientSent(request("/first")))  # the short way is for those who know where a connection is
        self.driver.happen(UpstreamSent(reply()))
        self.client.told.clear()

    def spawn(self, work: Coroutine[object, object, None], name: str) -> None:
        """Remember what was to be done, and do nothing."""
        work.close()
        self.spawned.append(name)

    def say(self, data: bytes) -> None:
        if self.short:
            self.driver.client_sent(data)
        else:
            self.driver.happen(ClientSent(data))

    def answer(self, data: bytes) -> None:
        """Let the upstream that is asked at the moment say something."""
        busy = next((each for each in self.upstreams if each.user is self.driver), None)
        if busy is None:
            return
        if self.short:
            self.driver.upstream_sent(data)
        else:
            self.driver.happen(UpstreamSent(data))

    def seen(self) -> dict[str, object]:
        """Everything that anybody can tell of what happened."""
        return {
            "client": self.client.sent,
            "ends": self.client.ends,
            "upstreams": [
                (cast("Wire", each.transport).written, each.gone, each.user is None) for each in self.upstreams
            ],
            "requests": self.counters.requests,
            "refused": self.counters.refused,
            "bytes": (self.counters.bytes_to_client, self.counters.bytes_to_upstream),
            "reused": self.counters.upstreams_reused,
            "idle": bool(self.lane.idle),
            "uses": self.delivery.meter._uses,
            "strays": self.delivery.meter._strays,
            "waiting": (self.conversation.waiting, self.conversation.idle, self.conversation.head_due),
        }


def written(connection: UpstreamConnection) -> bytes:
    return cast("Wire", connection.transport).written
