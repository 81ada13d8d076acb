"""The asyncio side of one client connection: carries out what its conversation commands.

While everything is warm (session, plan, upstream connection) a request runs through here without a task and without
an await; only what is cold starts a task, at most one at a time.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import assert_never, cast, final

from strongroom.core.failures import Failure, NotAuthenticated, TooMany, Unavailable
from strongroom.core.hosts import Host
from strongroom.core.overriding import override
from strongroom.core.plans import Destination
from strongroom.core.secret import Secret
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.crashes import log_crash
from strongroom.delivery.egress.cutting import reset
from strongroom.delivery.egress.dialling import dial
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
    UpstreamSent,
    Waiting,
)
from strongroom.delivery.egress.patience import Patience
from strongroom.delivery.egress.reaching import Reach
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.tls import TlsChannel
from strongroom.delivery.egress.upstream import UpstreamConnection
from strongroom.services.live import LiveSession

_OPENED = UpstreamOpened()


@final
class ClientConnection(asyncio.Protocol):
    """One client. Events are taken in order, also those that a command answers at once."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._counters = around.counters
        self.conversation = Conversation(limits=around.limits, counters=around.counters)
        self._transport: asyncio.Transport | None = None
        self._tls: TlsChannel | None = None
        self._upstream: UpstreamConnection | None = None
        self._reach = Reach(around)
        self._watched: LiveSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._events: deque[Event] = deque()
        self._busy = False
        self._congested = False  # the client does not take what we send
        self._awaited = False  # there is more to send as soon as it does
        self._upstream_congested = False
        self._paused = False
        self._ending_since: float | None = None
        self._touched = around.loop.time()
        self._patience = Patience(around.limits)

    # --- asyncio ----------------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are ones by their methods, not by their class.
        self._transport = cast("asyncio.Transport", transport)
        if len(self._around.clients) >= self._around.limits.connections:
            self._transport.abort()
            return
        self._around.clients.add(self)
        self._counters.clients += 1

    @override
    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self not in self._around.clients:
            return
        self._around.clients.discard(self)
        self._counters.clients -= 1
        self._transport = None
        self._leave()
        self.happen(ClientGone())
        self._drop_upstream()
        self._around.departed()

    @override
    def data_received(self, data: bytes) -> None:
        if self._ending_since is not None:
            return  # thrown away: the client has had its answer
        if not self.conversation.head_due:
            self._touched = self._around.loop.time()
        if self._tls is not None:
            self._decrypt(self._tls, data)
        else:
            self.happen(ClientSent(data))

    @override
    def eof_received(self) -> bool:
        """Answer what the client has asked for before it closed its half; true keeps the other half open.

        Inside TLS its end without a word from TLS is no such thing.
        """
        if self._tls is not None or not self.conversation.finishing:
            return False
        self.conversation.stopping = True
        return True

    @override
    def pause_writing(self) -> None:
        self._congested = True
        self._pace()

    @override
    def resume_writing(self) -> None:
        self._congested = False
        self._pace()

    # --- the upstream's connection ----------------------------------------------------------------

    def upstream_sent(self, data: bytes) -> None:
        """Take what the upstream sent."""
        self._touched = self._around.loop.time()
        self.happen(UpstreamSent(data))

    def upstream_gone(self, *, clean: bool) -> None:
        """Take the end of the upstream's connection."""
        reused = self._upstream is not None and self._upstream.reused
        self._upstream = None
        self._upstream_congested = False
        self.happen(UpstreamGone(clean, reused))

    def upstream_congested(self, *, congested: bool) -> None:
        """Stop reading from the client while the upstream does not take what we send, or go on."""
        self._upstream_congested = congested
        self._touched = self._around.loop.time()
        self._steer()

    # --- events and commands ----------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Tell the conversation, and do as it says."""
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                for command in self.conversation.receive(self._events.popleft()):
                    self._obey(command)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must end here and say nothing of the request
            self._crash(error)
        finally:
            self._busy = False
        if self._paused or type(event) is ClientSent:
            self._steer()  # only then can it have changed

    def _obey(self, command: do.Command) -> None:  # noqa: C901 - one line per command
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
            case do.DropUpstream():
                self._drop_upstream()
            case do.MakePlan():
                self._make_plan(command.live, command.destination)
            case do.FindSession():
                self._find_session(command.token)
            case do.StartTls():
                self._start_tls(command.host, command.early)
            case do.CloseClient():
                self._close(linger=command.linger)
            case do.AbortClient():
                self.abort()
            case _:
                assert_never(command)

    def _steer(self) -> None:
        """Read from the client exactly while there is room for what it sends."""
        paused = self._upstream_congested or self.conversation.full
        if paused is self._paused or self._transport is None or self._transport.is_closing():
            return
        self._paused = paused
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _send(self, data: bytes) -> None:
        self._counters.bytes_to_client += len(data)
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(data if self._tls is None else self._tls.send(data))

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

    def _leave(self) -> None:
        if self._watched is not None:
            self._watched.unwatch(self.abort)
            self._around.shares.leave(self._watched)
            self._watched = None

    def _make_plan(self, live: LiveSession, destination: Destination) -> None:
        plan = self._around.delivery.planned(live, destination)
        if plan is not None:
            self.happen(PlanMade(plan))
        else:
            self._start(lambda: self._plan(live, destination), "make a delivery plan")

    async def _plan(self, live: LiveSession, destination: Destination) -> Event:
        return PlanMade(await self._around.delivery.plan(live, destination))

    def _open_upstream(self, command: do.OpenUpstream) -> None:
        destination = command.destination
        kept = self._reach.kept(command.live, destination, fresh=command.fresh)
        if kept is not None:
            self._use(kept)
            self.happen(_OPENED)
        else:
            self._start(lambda: self._dial(destination), "connect to an upstream")

    async def _dial(self, destination: Destination) -> Event:
        connection = await dial(self._around, destination)
        self._counters.upstreams_opened += 1
        self._touched = self._around.loop.time()
        self._use(connection)
        return _OPENED

    def _use(self, connection: UpstreamConnection) -> None:
        self._upstream = connection
        connection.user = self
        if self._congested:
            connection.pause(paused=True)

    def _send_upstream(self, data: bytes) -> None:
        if self._upstream is not None:
            self._counters.bytes_to_upstream += len(data)
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
        connection, self._upstream = self._upstream, None
        self._upstream_congested = False
        if connection is not None:
            connection.drop()

    # --- TLS and the end --------------------------------------------------------------------------

    def _start_tls(self, host: Host, early: bytes) -> None:
        self._tls = TlsChannel(self._around.authority.context(host))
        self._decrypt(self._tls, early)

    def _decrypt(self, tls: TlsChannel, data: bytes) -> None:
        try:
            plain = tls.receive(data)
        except ssl.SSLError:
            self._counters.handshakes_failed += not tls.established
            if self._transport is not None:
                self._transport.write(tls.to_send())  # the alert that tells the client why
                self._transport.close()
            return
        reply = tls.to_send()
        if reply and self._transport is not None:
            self._transport.write(reply)
        if plain:
            self.happen(ClientSent(plain))
        if tls.closed and self._transport is not None:
            self._transport.close()

    def _close(self, *, linger: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        if self._tls is not None:
            transport.write(self._tls.close())
        if not linger:
            transport.close()
            return
        self._ending_since = self._around.loop.time()
        if self._paused:
            transport.resume_reading()
        try:
            transport.write_eof()
        except OSError:  # the client has cut the connection, and we have not been told yet
            transport.abort()

    def abort(self) -> None:
        """Cut the connection at once, and what it uses. The client cannot take what it has got for complete."""
        self._drop_upstream()
        if self._transport is not None:
            reset(self._transport)

    def finish(self) -> None:
        """Close the connection when the present exchange, if any, is over."""
        self.conversation.stopping = True
        if self.conversation.idle:
            self._close(linger=False)

    def check_time(self, now: float) -> None:
        """Close the connection if its client or its upstream was silent for too long. Called every second or so."""
        if self._ending_since is not None:
            late = now - self._ending_since > self._around.limits.linger_seconds
            if late and self._transport is not None:
                self._transport.abort()  # without a reset, which could take the answer away
            return
        if self._patience.drips(self.conversation, now):
            self.happen(TimedOut(Waiting.BODY))
            return
        waiting = self.conversation.waiting if self._task is None else Waiting.OURSELVES
        if now - self._touched > self._patience.allows(waiting):
            self._touched = now
            self.happen(TimedOut(waiting))

    def _crash(self, error: Exception) -> None:
        self._events.clear()
        log_crash(error, self._counters)
        self.abort()
