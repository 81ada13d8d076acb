"""How long whom a connection waits for may take."""

from typing import final

from strongroom.delivery.egress.conversation import Conversation
from strongroom.delivery.egress.events import Waiting
from strongroom.delivery.egress.exchange import Exchange
from strongroom.delivery.egress.limits import Limits


@final
class Patience:
    """Judges one conversation each time that it is asked."""

    __slots__ = ("_limits", "_since", "_upload")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._upload: Exchange | None = None  # the one that was under way at the last look
        self._since = 0.0

    def allows(self, waiting: Waiting) -> float:
        """Return how many seconds of silence are allowed."""
        match waiting:
            case Waiting.HEAD:
                return self._limits.head_seconds
            case Waiting.NEXT:
                return self._limits.idle_seconds
            case Waiting.ANSWER:
                return self._limits.read_seconds
            case Waiting.BODY | Waiting.OURSELVES:
                return float("inf")

    def drips(self, conversation: Conversation, now: float) -> bool:
        """Tell whether a request's body has been coming too slowly for too long, though never silent for long."""
        if self._upload is not conversation.uploading:
            self._upload, self._since = conversation.uploading, now
            return False
        took = now - self._since
        late = took > self._limits.request_seconds
        return late and self._upload is not None and self._upload.received < took * self._limits.request_rate
