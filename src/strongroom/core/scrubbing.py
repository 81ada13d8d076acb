"""Taking secrets out of replies: each becomes the placeholder it was put in for.

A secret is looked for in every form an upstream is likely to echo it in (`core/echoes.py`). Where
base64 digits mix its bits with a neighbour's they are left alone; those that depend on it alone are
replaced.
"""

from collections.abc import Iterable
from typing import final

from strongroom.core.echoes import echoes
from strongroom.core.needles import Needles, Stream
from strongroom.core.overriding import override
from strongroom.core.secret import Secret


@final
class Scrubber:
    """The secrets that one session may have sent to one host. Holds no state of a reply."""

    __slots__ = ("_needles", "_table", "concerns")

    def __init__(self, secrets: Iterable[tuple[Secret, str]]) -> None:
        self._table = {form: name.encode() for secret, name in secrets for form in echoes(secret.reveal())}
        self._needles = Needles(self._table)
        self.concerns = self._needles.occur_in
        """Tells quickly whether a secret may stand in some data: never wrongly no."""

    @override
    def __repr__(self) -> str:
        return "Scrubber(…)"

    def __bool__(self) -> bool:
        return bool(self._table)

    def clean(self, data: bytes) -> bytes:
        """Return complete data (a header value, a whole body) without secrets."""
        return self._needles.replace(data, self._table.__getitem__)

    def settle(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what is settled of incomplete data, cleaned, and the tail that the next piece decides."""
        return self._needles.feed(data, self._table.__getitem__)

    def stream(self) -> Stream:
        """Return a stream that cleans one body."""
        return Stream(self._needles, self._table.__getitem__)


@final
class Sent:
    """The secrets that one session has sent to one host so far. It grows and never shrinks.

    So what one request stores upstream is taken out of what a later one reads, after a rotation, on
    another port, and in a stream that was open before the secret was sent.
    """

    __slots__ = ("_noted", "scrubber")

    def __init__(self) -> None:
        self._noted: list[tuple[Secret, str]] = []
        self.scrubber = Scrubber(())

    def note(self, secret: Secret, marker: str) -> None:
        """Remember a secret; replies show `marker` in its place."""
        if not any(known == secret for known, _ in self._noted):
            self._noted.append((secret, marker))
            self.scrubber = Scrubber(self._noted)

    def note_all(self, secrets: Iterable[tuple[Secret, str]]) -> None:
        """Remember secrets, as `note` does, at the price of one."""
        known: dict[str, list[Secret]] = {}
        for secret, marker in self._noted:
            known.setdefault(marker, []).append(secret)
        fresh = [(secret, marker) for secret, marker in secrets if secret not in known.get(marker, ())]
        if fresh:
            self._noted.extend(fresh)
            self.scrubber = Scrubber(self._noted)

    def scrubber_with(self, secrets: Iterable[tuple[Secret, str]]) -> Scrubber:
        """Return what takes out these secrets too, which may be sent any moment."""
        return Scrubber([*self._noted, *secrets])

    def stream(self) -> "Cleaning":
        """Return a stream that cleans one body of what was sent before each of its pieces."""
        return Cleaning(self)


@final
class Cleaning:
    """One reply's body: feed pieces, then finish."""

    __slots__ = ("_held", "_sent")

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""
        settled, self._held = self._sent.scrubber.settle(self._held + piece if self._held else piece)
        return settled

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""
        rest, self._held = self._held, b""
        return self._sent.scrubber.clean(rest)
