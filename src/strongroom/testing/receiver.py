"""A webhook's receiver without a network: answers what a test says, and remembers what it was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from strongroom.core.failures import Failure
from strongroom.core.webhooks import Receiver


@final
@dataclass(frozen=True, slots=True)
class Post:
    """One try as it arrived."""

    receiver: Receiver
    headers: Mapping[str, str]
    body: bytes


@final
@dataclass(slots=True)
class SimulatedReceiver:
    """Implements `WebhookSender`.

    `answers`, statuses or failures, are used up in order; after that the answer is `otherwise`.
    """

    answers: list[int | Failure] = field(default_factory=list)
    otherwise: int | Failure = 204
    posts: list[Post] = field(default_factory=list)

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> int:
        """Remember the try and answer it."""
        self.posts.append(Post(receiver, dict(headers), body))
        answer = self.answers.pop(0) if self.answers else self.otherwise
        if isinstance(answer, Failure):
            raise answer
        return answer
