"""What is said when something took too long: to the one who is late, and naming the limit."""

from strongroom.delivery.egress.events import Waiting
from strongroom.delivery.egress.limits import Limits
from strongroom.delivery.egress.refusals import Code, Refusal


def too_late(waiting: Waiting, limits: Limits) -> Refusal | None:
    """Return the refusal, or None where nobody has asked for anything that could be answered."""
    match waiting:
        case Waiting.HEAD:
            return Refusal(
                Code.REQUEST_TIMEOUT, f"the request head was not complete within {limits.head_seconds:g} seconds"
            )
        case Waiting.BODY:
            slow = f"slower than {limits.request_rate:g} bytes a second for {limits.request_seconds:g} seconds"
            return Refusal(Code.REQUEST_TIMEOUT, f"the request body came {slow}")
        case Waiting.WHOLE:
            return Refusal(
                Code.REQUEST_TIMEOUT, f"the exchange took longer than {limits.exchange_seconds:g} seconds in all"
            )
        case Waiting.ANSWER:
            return Refusal(
                Code.UPSTREAM_TIMEOUT, f"nothing was heard from the upstream for {limits.read_seconds:g} seconds"
            )
        case Waiting.NEXT | Waiting.OURSELVES:
            return None
