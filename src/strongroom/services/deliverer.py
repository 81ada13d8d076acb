"""Empties the outbox: sends each event to the webhooks that wait for it, tries again, and disables what is unfit.

Rules kept here:
- every try is claimed first, so no other node makes it as well; a try that is cut off counts as one;
- timestamp and signature are made anew for every try, the event's id stays (contract anthropic-vaults 9.3);
- a slow or dead receiver takes up a few tries at a time, and one at a time once it has failed;
- nothing of an answer is kept but its status.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import final

from strongroom.core.events import body
from strongroom.core.failures import NotPermitted, Unavailable, Unreadable, UpstreamFailure
from strongroom.core.grants import Principal
from strongroom.core.ids import PrincipalId, WebhookId
from strongroom.core.sources import Clock, Entropy, Spawn
from strongroom.core.webhooks import (
    ATTEMPTS,
    PATIENCE,
    Accepted,
    Ended,
    Failed,
    Outcome,
    Receiver,
    State,
    Unfit,
    judge,
    wait_after,
)
from strongroom.crypto.signatures import SigningKey, signed_headers
from strongroom.services.gate import Gate
from strongroom.services.ports import Seal
from strongroom.services.webhook_ports import Claim, Outbox, Room, Settlement, WebhookSender
from strongroom.services.webhooks import secret_binding

POLL = 0.5
"""Seconds between two looks into the outbox, where nothing else gives a reason to look."""
CLAIM = timedelta(seconds=60)
"""How long a try is ours: well beyond the time that a sender may take."""
CLOSING = 2.0
"""Seconds that tries under way have to end when the server stops."""
KEPT = timedelta(days=7)
KEPT_EACH = 1000
PRUNE_EVERY = timedelta(minutes=10)
_IN_ALL, _FAILING_IN_ALL, _EACH = 64, 32, 4
_CHANCE_BYTES = 4

_log = logging.getLogger(__name__)


@final
class Deliverer:
    """The tries of one process."""

    def __init__(  # noqa: PLR0913 - one argument per port
        self,
        *,
        outbox: Outbox,
        sender: WebhookSender,
        seal: Seal,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        spawn: Spawn,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._seal = seal
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._spawn = spawn
        self._busy: Counter[WebhookId] = Counter()
        self._failing = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended_one = asyncio.Event()
        self._prune_at: datetime | None = None
        self.tries: Counter[State] = Counter()
        """How the tries of this process ended: `PENDING` where another one follows."""

    async def run(self) -> None:
        """Deliver for as long as the process runs; a database that does not answer is asked again."""
        while True:
            self._ended_one.clear()
            try:
                await self.step()
            except Unavailable as failure:
                _log.warning("webhooks wait: %s", failure)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._ended_one.wait()

    async def step(self) -> None:
        """Begin every try whose time has come and that there is room for."""
        now = self._clock()
        await self._prune(now)
        if not await self._outbox.is_due(now):
            return
        room = Room(
            most=_IN_ALL - self._busy.total(),
            most_failing=_FAILING_IN_ALL - self._failing,
            each=_EACH,
            busy=dict(self._busy),
        )
        for claim in await self._outbox.claim(now, until=now + CLAIM, room=room):
            self._begin(claim)

    async def idle(self) -> None:
        """Wait until no try is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Give tries that are under way a moment to end, once `run` is over; the rest is tried again after a start."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self.idle()

    def _begin(self, claim: Claim) -> None:
        webhook, fails = claim.webhook.id, claim.webhook.failing_since is not None
        self._busy[webhook] += 1
        self._failing += fails
        task = self._spawn(self._try(claim), f"deliver to {webhook}")
        self._under_way.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            self._busy[webhook] -= 1
            if not self._busy[webhook]:
                del self._busy[webhook]
            self._failing -= fails
            self._ended_one.set()

        task.add_done_callback(ended)

    async def _try(self, claim: Claim) -> None:
        try:
            outcome = await self._attempt(claim)
            settlement = self._settlement(claim, outcome)
            if settlement.disables is not None:
                await self._record(claim, settlement.disables)
            await self._outbox.settle(claim, settlement)
            self.tries[settlement.state] += 1
        except Unavailable as failure:  # the claim runs out, and it is tried again
            _log.warning("a delivery to webhook %s was not settled: %s", claim.webhook.id, failure)

    async def _attempt(self, claim: Claim) -> Outcome:
        event, now = claim.delivery.event, self._clock()
        try:
            keys = await self._keys(claim, now)
        except Unreadable:
            return Unfit(Ended.UNREADABLE, "its secret cannot be opened: delete the webhook and register it again")
        message = body(event)
        # What may be asked for was judged at registration, and is judged again where the address is known.
        receiver = Receiver.parse(claim.webhook.url, other_ports=True, insecure=True)
        try:
            status = await self._sender.post(receiver, signed_headers(keys, event.id, now, message), message)
        except NotPermitted as refused:
            return Unfit(Ended.NOT_ALLOWED, str(refused))
        except UpstreamFailure as failure:
            return Failed(str(failure))
        return judge(status)

    async def _keys(self, claim: Claim, now: datetime) -> list[SigningKey]:
        webhook, secrets = claim.webhook, claim.secrets
        sealed = [(secrets.current, webhook.revision)]
        if secrets.previous is not None and webhook.previous_until is not None and now < webhook.previous_until:
            sealed.append((secrets.previous, webhook.revision - 1))
        return [
            SigningKey(await self._seal.open(secret_binding(webhook, revision), envelope))
            for envelope, revision in sealed
        ]

    def _settlement(self, claim: Claim, outcome: Outcome) -> Settlement:
        now, tried = self._clock(), claim.delivery.attempts
        match outcome:
            case Accepted(status):
                return Settlement(at=now, state=State.DELIVERED, status=status)
            case Unfit(why, sentence, status):
                return Settlement(at=now, state=State.DROPPED, status=status, error=sentence, disables=why)
            case Failed(sentence, status) if tried < ATTEMPTS:
                due = now + wait_after(tried, self._entropy(_CHANCE_BYTES))
                return Settlement(at=now, state=State.PENDING, due_at=due, status=status, error=sentence)
            case Failed(sentence, status):
                since = claim.webhook.failing_since
                ended = Ended.FAILING if since is not None and now - since >= PATIENCE else None
                return Settlement(at=now, state=State.DROPPED, status=status, error=sentence, disables=ended)

    async def _record(self, claim: Claim, why: Ended) -> None:
        webhook = claim.webhook
        principal = Principal(
            id=PrincipalId(webhook.id),
            organization=webhook.organization,
            workspace=webhook.workspace,
            scopes=frozenset(),
        )
        await self._gate.observe(principal, "webhook.disabled", webhook.id, {"because": why.value})

    async def _prune(self, now: datetime) -> None:
        if self._prune_at is None or now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            await self._outbox.prune(before=now - KEPT, keep=KEPT_EACH)
