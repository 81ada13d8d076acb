"""Making one connection to an upstream, within the time allowed, and leaving none behind when that is given up."""

import asyncio

from strongroom.core.failures import Unreachable
from strongroom.core.plans import Destination
from strongroom.delivery.egress.http2.upstream import UpstreamSession
from strongroom.delivery.egress.surroundings import Surroundings
from strongroom.delivery.egress.upstream import UpstreamConnection


async def dial(
    around: Surroundings, destination: Destination, offer: tuple[str, ...]
) -> UpstreamConnection | UpstreamSession:
    """Return a new connection, of the version that the upstream chose.

    Raises `Unreachable`, and what the dialer raises.
    """
    made: list[UpstreamConnection] = []
    sessions: list[UpstreamSession] = []

    def multiplex(connection: UpstreamConnection) -> UpstreamSession:
        sessions.append(
            UpstreamSession(
                connection,
                scheme=destination.scheme,
                limits=around.limits,
                counters=around.counters,
                loop=around.loop,
            )
        )
        return sessions[-1]

    def make() -> UpstreamConnection:
        made.append(UpstreamConnection(multiplex))
        return made[-1]

    try:
        async with asyncio.timeout(around.limits.connect_seconds):
            _, connection = await around.dialer.connect(destination, make, offer)
    except BaseException as error:  # given up, perhaps in the very moment in which it was connected
        for each in made:
            each.drop()
        if isinstance(error, TimeoutError):
            raise Unreachable(f"{destination.authority} did not answer in time") from None
        raise
    return sessions[-1] if sessions else connection
