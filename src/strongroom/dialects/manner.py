"""How one dialect takes requests and signs its answers: what differs between doors, said once for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from strongroom.core.grants import Principal
from strongroom.dialects.bodies import MAX_BODY, Parse, parsed
from strongroom.dialects.presented import Presented, presented_key

Owned = Callable[[Principal], Mapping[str, str]]
"""The headers that say whose an answer is."""


def unowned(_principal: Principal) -> Mapping[str, str]:
    """Say nothing of it."""
    return {}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """A dialect's ways.

    `presented` finds the key of a request, and `otherwise_presented` the one that counts if that is none or not good;
    `parse` reads bodies, of at most `max_body` bytes; where `ignores_stray_bodies`, a body that no route reads is not
    looked at, else it is an error. `stamped` are headers of every answer, `owned` those that say whose it is once the
    key is known, and `request_id_headers` the names under which it tells its id.
    """

    presented: Presented = presented_key
    otherwise_presented: Presented | None = None
    max_body: int = MAX_BODY
    parse: Parse = parsed
    ignores_stray_bodies: bool = False
    stamped: Mapping[str, str] = field(default_factory=dict)
    owned: Owned = unowned
    request_id_headers: Sequence[str] = ("request-id",)


PLAIN = Manner()
"""Our own manner."""
