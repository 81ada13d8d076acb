"""What the LLM gateway asks and tells the books: whether a key may go on, and what a request took."""

from typing import Protocol

from strongroom.core.llm.gateway_keys import GatewayKey
from strongroom.core.llm.limits import Overspent
from strongroom.core.llm.uses import Use


class Bookkeeping(Protocol):
    """The books of the gateway. Neither method waits, asks the database, or fails."""

    def admit(self, key: GatewayKey) -> Overspent | None:
        """Tell why a key must wait, if it must. Asked once for each request, before anything is sent.

        To be answered with 429, `Retry-After`, and the `code` and `message` of what is returned.
        """

    def note(self, use: Use) -> None:
        """Write down a request of a known key, once it is over; those that were refused too."""
