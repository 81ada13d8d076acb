"""Keeps what an authorization needs to be finished, sealed: the proof key, the client's secret, the device's code."""

from typing import final

from strongroom.core.authorization import Attempt, Authorization
from strongroom.core.binding import Binding
from strongroom.core.failures import Conflict
from strongroom.crypto.materials import read_fields, write_fields
from strongroom.services.authorization_ports import Waiting
from strongroom.services.ports import Seal


@final
class Attempts:
    """Seals and opens them."""

    def __init__(self, *, seal: Seal) -> None:
        self._seal = seal

    async def seal(self, authorization: Authorization, attempt: Attempt) -> bytes:
        """Return the envelope."""
        return await self._seal.seal(_binding(authorization), write_fields(attempt))

    async def open(self, waiting: Waiting) -> Attempt:
        """Return what was sealed. Raises `Unreadable`; `Conflict` if there is an outcome already."""
        if waiting.sealed is None:
            raise Conflict("this authorization has an outcome already: begin again")
        written = await self._seal.open(_binding(waiting.authorization), waiting.sealed)
        return read_fields(Attempt, written, what="part of an authorization is not as it was written")


def _binding(authorization: Authorization) -> Binding:
    """Whoever changes in the database where the tokens go, or for which server they are, gets none."""
    return Binding(
        organization=authorization.organization,
        vault=authorization.vault,
        subject=authorization.id,
        kind="authorization",
        revision=1,
        terms=f"{authorization.flow.value} {authorization.opened_by} {authorization.mcp_server_url}",
    )
