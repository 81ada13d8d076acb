"""What the gateway needs of the rest of the house."""

from collections.abc import Sequence
from typing import Protocol

from strongroom.core.plans import Destination


class Reply(Protocol):
    """An upstream's answer, as it arrives."""

    @property
    def status(self) -> int:
        """Its status."""

    @property
    def fields(self) -> Sequence[tuple[bytes, bytes]]:
        """Its header fields as they came."""

    @property
    def ended(self) -> bool:
        """Whether all of its body was read."""

    async def piece(self) -> bytes:
        """Return the next piece of the body, nothing at its end. Raises `BadReply`."""

    def close(self) -> None:
        """Give it up, and its connection unless all of it was read."""


class Upstream(Protocol):
    """The way to vendors of models."""

    async def send(  # noqa: PLR0913 - a request has these parts
        self,
        whose: str,
        destination: Destination,
        method: str,
        target: str,
        fields: Sequence[tuple[str, str]],
        body: bytes,
    ) -> Reply:
        """Send a request, once, and return the answer as soon as its head is there.

        Connections are kept for `whose` secret opened them and for no other. Raises `NotPermitted` for an address that
        may not be dialled, `Unreachable` and `BadReply`.
        """
