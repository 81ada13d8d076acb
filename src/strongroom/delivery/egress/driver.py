"""Drives one conversation: carries out its commands but for those that the client's connection itself obeys.

While everything is warm (session, plan, upstream connection) a request runs through here without a task and without
an await; only what is cold starts a task, at most one at a time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import assert_never, final

from strongroom.core.failures import BadReply, Failure, NotAuthenticated, TooMany, Unavailable
from strongroom.core.secret import Secret
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.counterpart import Client
from strongroom.delivery.egress.crashes import log_crash
from strongroom.delivery.egress.events import (
    ClientGone,
    ClientReady,
    ClientSent,
    Event,
    Failed,
    PlanMade,
    SessionFound,
    TimedOut,
    UpstreamGone,
    UpstreamOpened,
    UpstreamReady,
    UpstreamSent,
    Waiting,
)
from strongroom.delivery.egress.patience import Patience
from strongroom.delivery.egress.reaching import Reach, Upstream
from strongroom.delivery.egress.short_way import QuickConversation
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.turned_away import count_for_session
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession

_OPENED = UpstreamOpened()


@final
class Driver:
    """One conversation's machine. Events are taken in order, also those that a command answers at once."""

    def __init__(self, client: Client, conversation: QuickConversation, around: Surroundings) -> None:
        self._client = client
        self.conversation = conversation
        self._around = around
        self._counters = around.counters
        self._upstream: Upstream | None = None
        self._reach = Reach(around)
        self._watched: LiveSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._events: deque[Event] = deque()
        self._busy = False
        self._congested = False  # the client does not take what we send
        self._awaited = False  # there is more to send as soon as it does
        self._upstream_congested = False
        self._upstream_awaited = False  # there is more to send as soon as the upstream takes it
        self._paused = False
        self._touched = around.loop.time()
        self._stirred = False  # since the last look at the time there was a sign of life: nobody asks for the time anew
        self._patience = Patience(around.limits)
        self._moved = 0  # bytes that went through since the share was last told

    # --- the client ---------------------------------------------------------------------------------

    def touch(self) -> None:
        """Note that the client has given a sign of life; dribbling a head is none."""
        if not self.conversation.head_due:
            self._stirred = True

    def client_sent(self, data: bytes) -> None:
        """Take what the client sent. A request that needs no question and finds a connection goes the short way."""
        tunnel = self.conversation.tunnel
        if self._busy or tunnel is None or not self._reach.at_hand(tunnel.live, tunnel.destination):
            self.happen(ClientSent(data))
            return
        try:
            begun = self.conversation.begin_at_once(data)
            if begun is not None:
                self._begin(begun)
        except Exception as error:  # noqa: BLE001 - as in `happen`
            self._crash(error)
            return
        if begun is None:
            self.happen(ClientSent(data))
        elif self._paused:
            self._steer()

    def _begin(self, begun: bytes | list[do.Command]) -> None:
        """Take the connection that is at hand, and send a request or do what has become of it instead."""
        kept = self._reach.take()
        if kept is not None:
            self._use(kept)
        if isinstance(begun, bytes):
            self._send_upstream(begun)
        else:
            self._obey_all(begun)

    def client_congested(self, *, congested: bool) -> None:
        """Stop reading from the upstream while the client does not take what we send, or go on."""
        self._congested = congested
        self._pace()

    def client_gone(self) -> None:
        """Take the end of the client's connection."""
        self._tell_moved()
        self._leave()
        self.happen(ClientGone())
        self._drop_upstream()

    # --- the upstream's connection ----------------------------------------------------------------

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""
        self._stirred = True
        if self._busy:
            self.happen(UpstreamSent(data))
            return
        try:
            reply = self.conversation.reply_at_once(data)
            if isinstance(reply, bytes):
                if reply:
                    self._send(reply)
                self._keep_upstream()
            else:
                self._obey_all(reply)
        except Exception as error:  # noqa: BLE001 - as in `happen`
            self._crash(error)
        if self._paused:
            self._steer()

    def upstream_gone(self, *, clean: bool) -> None:
        """Take the end of the upstream's connection."""
        upstream = self._leave_upstream()
        reused = upstream is not None and upstream.reused
        if isinstance(upstream, UpstreamConnection) and upstream.doubtful and not reused:
            reused = True  # it may speak HTTP/2 only, and may then be asked again
            self._reach.doubt()
        self.happen(UpstreamGone(clean, reused))

    def upstream_failed(self, failure: BadReply) -> None:
        """Take the end of a reply that cannot be understood."""
        self._leave_upstream()
        self.happen(Failed(failure))

    def upstream_congested(self, *, congested: bool) -> None:
        """Stop reading from the client while the upstream does not take what we send, or go on."""
        self._upstream_congested = congested
        self._touched = self._around.loop.time()
        self._steer()
        self._pace_upstream()

    # --- events and commands ----------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Tell the conversation, and do as it says."""
        if self._busy:
            self._events.append(event)
            return
        try:
            self._obey_all(self.conversation.receive(event))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            self._crash(error)
        if self._paused or type(event) is ClientSent:
            self._steer()  # only then can it have changed

    def _obey_all(self, commands: list[do.Command]) -> None:
        """Carry commands out; what happens meanwhile has its turn afterwards."""
        self._busy = True
        try:
            for command in commands:
                self._obey(command)
            while self._events:
                for command in self.conversation.receive(self._events.popleft()):
                    self._obey(command)
        finally:
            self._busy = False

    def _obey(self, command: do.Command) -> None:  # noqa: C901, PLR0912 - one line per command
        match command:
            case do.SendClient():
                self._send(command.data)
            case do.SendUpstream():
                self._send_upstream(command.data)
            case do.OpenUpstream():
                self._open_upstream(command)
            case do.KeepUpstream():
                self._keep_upstream()
            case do.AwaitClient():
                self._awaited = True
                self._pace()
            case do.AwaitUpstream():
                self._upstream_awaited = True
                self._pace_upstream()
            case do.DropUpstream():
                self._drop_upstream()
            case do.FinishUpstream():
                self._finish_upstream(ended=command.ended)
            case do.MakePlan():
                self._make_plan(command)
            case do.FindSession():
                self._find_session(command.token)
            case do.CountRefusal():
                count_for_session(self._around, command)
            case do.StartTls():
                self._client.start_tls(command.host, command.early)
            case do.CloseClient():
                self._client.close(linger=command.linger)
            case do.AbortClient():
                self.abort()
            case _:
                assert_never(command)

    def _steer(self) -> None:
        """Read from the client exactly while there is room for what it sends."""
        paused = self._upstream_congested or self.conversation.full
        if paused is not self._paused and self._client.steer(paused=paused):
            self._paused = paused

    def _send(self, data: bytes) -> None:
        size = len(data)
        self._counters.bytes_to_client += size
        self._moved += size
        self._client.send(data)

    def _pace(self) -> None:
        """Read from the upstream exactly while the client has room; send on what is left when others had their turn."""
        if self._upstream is not None:
            self._upstream.pause(paused=self._congested or self._awaited)
        if self._awaited and not self._congested:
            self._around.loop.call_soon(self._send_on)

    def _send_on(self) -> None:
        if self._awaited and not self._congested:
            self._awaited = False
            self._touched = self._around.loop.time()
            self._pace()
            self.happen(ClientReady())

    def _pace_upstream(self) -> None:
        """Send on what is left for the upstream when it has room, and others had their turn."""
        if self._upstream_awaited and not self._upstream_congested:
            self._around.loop.call_soon(self._send_upstream_on)

    def _send_upstream_on(self) -> None:
        if self._upstream_awaited and not self._upstream_congested:
            self._upstream_awaited = False
            self.happen(UpstreamReady())

    # --- questions: answered at once from memory, or by a task --------------------------------------

    def _find_session(self, token: Secret) -> None:
        live = self._around.delivery.entered(token)
        if live is not None:
            self.happen(self._entered(live))
        else:
            self._start(lambda: self._enter(token), "find the session of a proxy token")

    async def _enter(self, token: Secret) -> Event:
        return self._entered(await self._around.delivery.enter(token))

    def _entered(self, live: LiveSession) -> Event:
        if live.ended:
            return Failed(NotAuthenticated(presented=True))
        if live is not self._watched:
            try:
                self._around.shares.join(live)
            except TooMany as failure:
                return Failed(failure)
            self._leave()
            live.watch(self.abort)
            self._watched = live
        return SessionFound(live, self._around.shares.of(live))

    def _tell_moved(self) -> None:
        self.conversation.share.moved(self._moved)
        self._moved = 0

    def _leave(self) -> None:
        if self._watched is not None:
            self._watched.unwatch(self.abort)
            self._around.shares.leave(self._watched)
            self._watched = None

    def _make_plan(self, command: do.MakePlan) -> None:
        plan = self._around.delivery.planned(command.live, command.destination)
        if plan is not None and command.rejected is None:
            self.happen(PlanMade(plan))
        else:
            self._start(lambda: self._plan(command), "make a delivery plan")

    async def _plan(self, asked: do.MakePlan) -> Event:
        return PlanMade(await self._around.delivery.plan(asked.live, asked.destination, rejected=asked.rejected))

    def _open_upstream(self, command: do.OpenUpstream) -> None:
        kept = self._reach.kept(command)
        if kept is not None:
            self._use(kept)
            self.happen(_OPENED)
        else:
            self._start(lambda: self._dial(command), "connect to an upstream")

    async def _dial(self, command: do.OpenUpstream) -> Event:
        connection = await self._reach.open(command)
        self._touched = self._around.loop.time()
        self._use(connection)
        return _OPENED

    def _use(self, connection: Upstream) -> None:
        self._upstream = connection
        connection.user = self
        if self._congested:
            connection.pause(paused=True)

    def _send_upstream(self, data: bytes) -> None:
        if self._upstream is not None:
            size = len(data)
            self._counters.bytes_to_upstream += size
            self._moved += size
            self._upstream.write(data)

    def _start(self, question: Callable[[], Awaitable[Event]], name: str) -> None:
        self._task = self._around.spawn(self._answer(question), name)

    async def _answer(self, question: Callable[[], Awaitable[Event]]) -> None:
        """Ask, and tell the answer when the task counts as over, so that what follows may start another."""
        event: Event
        try:
            event = await question()
        except Failure as failure:
            event = Failed(failure)
        except Exception as error:  # noqa: BLE001 - fail closed, and say nothing of the request
            log_crash(error, self._counters)
            event = Failed(Unavailable())
        self._task = None
        self.happen(event)

    # --- the end of using an upstream ---------------------------------------------------------------

    def _keep_upstream(self) -> None:
        connection, self._upstream = self._upstream, None
        self._upstream_congested = False
        if connection is None:
            return
        connection.user = None
        if self._congested:
            connection.pause(paused=False)
        self._reach.give_back(connection)

    def _drop_upstream(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        connection = self._leave_upstream()
        if connection is not None:
            connection.drop()

    def _finish_upstream(self, *, ended: bool) -> None:
        connection = self._leave_upstream()
        if isinstance(connection, UpstreamConnection):  # as all are on which the protocol has changed
            self._around.pool.part_with(connection, self._around.loop.time(), ended=ended)

    def _leave_upstream(self) -> Upstream | None:
        connection, self._upstream = self._upstream, None
        self._upstream_congested = self._upstream_awaited = False
        return connection

    # --- the end ------------------------------------------------------------------------------------

    def abort(self) -> None:
        """Give up what is under way, and cut the client's connection."""
        self._drop_upstream()
        self._client.cut()

    def check_time(self, now: float) -> None:
        """Tell the conversation if its client or its upstream was silent for too long. Called every second or so."""
        self._tell_moved()
        if self._stirred:
            self._stirred, self._touched = False, now
        if self._patience.drips(self.conversation, now):
            self.happen(TimedOut(Waiting.BODY))
            return
        if self._patience.overdue(self.conversation, now):
            self.happen(TimedOut(Waiting.WHOLE))
            return
        waiting = self.conversation.waiting if self._task is None else Waiting.OURSELVES
        if now - self._touched > self._patience.allows(waiting):
            self._touched = now
            self.happen(TimedOut(waiting))

    def _crash(self, error: Exception) -> None:
        self._events.clear()
        log_crash(error, self._counters)
        self.abort()
