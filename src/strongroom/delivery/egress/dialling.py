"""Making one connection to an upstream, within the time allowed, and leaving none behind when that is given up."""

import asyncio

from strongroom.core.failures import Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection


async def dial(around: Surroundings, destination: Destination) -> UpstreamConnection:
    """Return a new connection. Raises `Unreachable`, and what the dialer raises."""
    made: list[UpstreamConnection] = []

    def make() -> UpstreamConnection:
        made.append(UpstreamConnection(around.read_buffer))
        return made[-1]

    try:
        async with asyncio.timeout(around.limits.connect_seconds):
            _, connection = await around.dialer.connect(destination, make)
    except BaseException as error:  # given up, perhaps in the very moment in which it was connected
        for each in made:
            each.drop()
        if isinstance(error, TimeoutError):
            raise Unreachable(f"{destination.authority} did not answer in time") from None
        raise
    return connection
