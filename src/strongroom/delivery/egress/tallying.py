"""Counting refusals: always in the metrics, and for the session wherever one can be told."""

from collections.abc import Callable

from strongroom.core.secret import Secret
from strongroom.delivery.egress.asked import Asked, asked_of_proxy
from strongroom.delivery.egress.commands import Command, CountRefusal
from strongroom.delivery.egress.counters import Counters
from strongroom.delivery.egress.head import readable
from strongroom.delivery.egress.presented import presented_token
from strongroom.delivery.egress.refusals import Code, Refusal
from strongroom.delivery.egress.tunnel import Tunnel


def tally(
    refusal: Refusal,
    *,
    counters: Counters,
    tunnel: Tunnel | None,
    asked: Asked | None,
    emit: Callable[[Command], None],
) -> None:
    """Count the refusal of what was asked, in a tunnel or without one."""
    if tunnel is not None:
        tally_inside(refusal.code, counters=counters, tunnel=tunnel)
        return
    counters.refused[refusal.code] += 1
    if asked is not None and asked.live is not None:
        asked.live.turned_away(refusal.code, asked.destination.host)
    elif asked is not None and refusal.code is not Code.AUTHENTICATION_REQUIRED:
        token = presented_token(asked.head)
        if token is not None:
            emit(CountRefusal(token, refusal.code, asked.destination.host))


def tally_inside(code: Code, *, counters: Counters, tunnel: Tunnel) -> None:
    """Count a refusal inside a tunnel."""
    counters.refused[code] += 1
    tunnel.live.turned_away(code, tunnel.destination.host)


def counted_if_refused(raw: bytes, emit: Callable[[Command], None]) -> Asked:
    """Read the head of a request to the proxy itself. A refusal is counted for its session, if that can be told."""
    try:
        return asked_of_proxy(raw)
    except Refusal as refusal:
        token = _token_in(raw)
        if token is not None:
            emit(CountRefusal(token, refusal.code, ""))
        raise


def _token_in(raw: bytes) -> Secret | None:
    head = readable(raw)
    return None if head is None else presented_token(head)
