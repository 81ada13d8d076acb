"""How long whom a connection waits for may take."""

from typing import final

from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.events import Waiting
from strongroom.delivery.egress.exchange import Exchange
from strongroom.delivery.egress.limits import Limits


@final
class Patience:
    """Judges one conversation each time that it is asked."""

    __slots__ = ("_began", "_limits", "_since", "_under_way", "_upload")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._upload: Exchange | None = None  # the one that was under way at the last look
        self._since = 0.0
        self._under_way: object = None
        self._began = 0.0

    def allows(self, waiting: Waiting) -> float:
        """Return how many seconds of silence are allowed."""
        match waiting:
            case Waiting.HEAD:
                return self._limits.head_seconds
            case Waiting.NEXT:
                return self._limits.idle_seconds
            case Waiting.ANSWER:
                return self._limits.read_seconds
            case Waiting.BODY | Waiting.WHOLE | Waiting.OURSELVES:
                return float("inf")

    def overdue(self, conversation: Conversation, now: float) -> bool:
        """Tell whether what is under way has taken too long as a whole."""
        under_way = conversation.under_way
        if under_way is None or under_way is not self._under_way:
            self._under_way, self._began = under_way, now
            return False
        return now - self._began > self._limits.exchange_seconds

    def drips(self, conversation: Conversation, now: float) -> bool:
        """Tell whether a request's body has been coming too slowly for too long, though never silent for long."""
        exchange = conversation.under_way
        upload = exchange if isinstance(exchange, Exchange) and not exchange.asked.complete else None
        if self._upload is not upload:
            self._upload, self._since = upload, now
            return False
        took = now - self._since
        late = took > self._limits.request_seconds
        return late and self._upload is not None and self._upload.received < took * self._limits.request_rate
