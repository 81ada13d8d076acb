"""Counting a refusal for the session whose token came with the request, also where that session is not at hand."""

import contextlib

from strongroom.core.failures import Failure
from strongroom.delivery.egress.commands import CountRefusal
from strongroom.delivery.egress.surroundings import Surroundings


def count_for_session(around: Surroundings, counted: CountRefusal) -> None:
    """Count it at once for a session that runs here, and soon for any other."""
    live = around.delivery.entered(counted.token)
    if live is not None:
        live.turned_away(counted.code, counted.host)
    else:
        _ = around.spawn(_count_cold(around, counted), "count a refusal")


async def _count_cold(around: Surroundings, counted: CountRefusal) -> None:
    with contextlib.suppress(Failure):  # a token of no session: there is nobody to tell
        live = await around.delivery.enter(counted.token)
        live.turned_away(counted.code, counted.host)
