"""Taking secrets out of replies: each becomes the placeholder it was put in for.

A secret is looked for in every form an upstream is likely to echo it in (`core/echoes.py`). Where
base64 digits mix its bits with a neighbour's they are left alone; those that depend on it alone are
replaced.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import final

from strongroom.core.echoes import echoes
from strongroom.core.needles import Needles, Stream
from strongroom.core.overriding import override
from strongroom.core.secret import Secret

LET_GO_AFTER = timedelta(minutes=5)
"""How long a secret that has ended is still taken out of replies, where another one is sent by now."""
_LEAST = 5
_LEAST_DIGITS = 6
"""Shorter ones stand in replies by chance: a month, a year, a PIN (contract skyvern-credentials 8.1)."""


def worth_scrubbing(secret: Secret) -> bool:
    """Tell whether a field is long enough to be told from what a reply would say anyway."""
    text = secret.reveal()
    return len(text) >= (_LEAST_DIGITS if text.isdecimal() else _LEAST)


@final
class Scrubber:
    """The secrets that one session may have sent to one host. Holds no state of a reply."""

    __slots__ = ("_needles", "_table", "concerns", "keeps_length", "searches")

    def __init__(self, secrets: Iterable[tuple[Secret, str]], *, worthless: Iterable[tuple[Secret, str]] = ()) -> None:
        fitting = {form: _fitted(name, len(form)) for secret, name in worthless for form in echoes(secret.reveal())}
        named = {form: name.encode() for secret, name in secrets for form in echoes(secret.reveal())}
        self._table = fitting | named
        self._needles = Needles(self._table)
        self.concerns = self._needles.occur_in
        """Tells quickly whether a secret may stand in some data: never wrongly no."""
        self.searches = bool(self._table)
        """Whether there is anything to take out."""
        self.keeps_length = not named
        """Whether only what is worthless is taken out. Its place is filled exactly, so that lengths stay, and a reply
        may then come in parts or in an encoding, of which nobody could rule out that it hides something."""

    @override
    def __repr__(self) -> str:
        return "Scrubber(…)"

    def __bool__(self) -> bool:
        return self.searches

    def clean(self, data: bytes) -> bytes:
        """Return complete data (a header value, a whole body) without secrets."""
        return self._needles.replace(data, self._table.__getitem__)

    def settle(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what is settled of incomplete data, cleaned, and the tail that the next piece decides."""
        return self._needles.feed(data, self._table.__getitem__)

    def stream(self) -> Stream:
        """Return a stream that cleans one body."""
        return Stream(self._needles, self._table.__getitem__)


def _fitted(name: str, length: int) -> bytes:
    return name.encode()[:length].ljust(length, b"_")


def _unknown(noted: Iterable[tuple[Secret, str]], secrets: Iterable[tuple[Secret, str]]) -> list[tuple[Secret, str]]:
    """Return those that are not noted under their marker."""
    known: dict[str, list[Secret]] = {}
    for secret, marker in noted:
        known.setdefault(marker, []).append(secret)
    return [(secret, marker) for secret, marker in secrets if secret not in known.get(marker, ())]


@final
class Sent:
    """The secrets that one session has sent to one host so far. It grows, and shrinks only by tokens that have ended.

    So what one request stores upstream is taken out of what a later one reads, after a rotation, on
    another port, and in a stream that was open before the secret was sent.
    """

    __slots__ = ("_ends", "_fitting", "_noted", "_worthless", "scrubber")

    def __init__(self) -> None:
        self._noted: list[tuple[Secret, str]] = []
        self._worthless: list[tuple[Secret, str]] = []
        self._ends: list[tuple[datetime, Secret]] = []
        self._fitting: tuple[Scrubber, Scrubber] | None = None
        self.scrubber = Scrubber(())

    @property
    def fitting(self) -> Scrubber:
        """What takes them out of messages that tell their lengths: what stands in a place fills it exactly."""
        if self._fitting is None or self._fitting[0] is not self.scrubber:
            self._fitting = self.scrubber, self.fitting_with(())
        return self._fitting[1]

    def fitting_with(self, secrets: Iterable[tuple[Secret, str]]) -> Scrubber:
        """Return the same for these secrets too, which may be sent any moment."""
        return Scrubber((), worthless=[*self._noted, *self._worthless, *secrets])

    def note(self, secret: Secret, marker: str, *, worthless: bool = False) -> None:
        """Remember a secret; replies show `marker` in its place.

        `worthless` is what cannot be used without a secret that is never sent: the id of a key that only signs.
        """
        noted = self._worthless if worthless else self._noted
        if not any(known == secret for known, _ in noted):
            noted.append((secret, marker))
            self.scrubber = Scrubber(self._noted, worthless=self._worthless)

    def note_all(self, secrets: Iterable[tuple[Secret, str]], *, worthless: Iterable[tuple[Secret, str]] = ()) -> None:
        """Remember secrets, as `note` does, at the price of one."""
        fresh, others = _unknown(self._noted, secrets), _unknown(self._worthless, worthless)
        if fresh or others:
            self._noted.extend(fresh)
            self._worthless.extend(others)
            self.scrubber = Scrubber(self._noted, worthless=self._worthless)

    def ends(self, secret: Secret, moment: datetime | None) -> None:
        """Remember when a secret is worthless, where that is known: there may be one more every few minutes."""
        if moment is not None and not any(known == secret for _, known in self._ends):
            self._ends.append((moment, secret))

    def let_go(self, *, ended_by: datetime, but_for: Sequence[Secret]) -> None:
        """Forget what was worthless by a moment, but for what is sent all the same."""
        gone = [secret for moment, secret in self._ends if moment <= ended_by and secret not in but_for]
        if gone:
            self._ends = [each for each in self._ends if each[1] not in gone]
            self._noted = [each for each in self._noted if each[0] not in gone]
            self.scrubber = Scrubber(self._noted, worthless=self._worthless)

    def scrubber_with(self, secrets: Iterable[tuple[Secret, str]]) -> Scrubber:
        """Return what takes out these secrets too, which may be sent any moment."""
        return Scrubber([*self._noted, *secrets], worthless=self._worthless)

    def stream(self) -> "Cleaning":
        """Return a stream that cleans one body of what was sent before each of its pieces."""
        return Cleaning(lambda: self.scrubber)

    def fitting_stream(self) -> "Cleaning":
        """Return the same for messages that tell their lengths."""
        return Cleaning(lambda: self.fitting)


@final
class Cleaning:
    """One reply's body: feed pieces, then finish."""

    __slots__ = ("_held", "_present")

    def __init__(self, present: Callable[[], Scrubber]) -> None:
        self._present = present
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what is settled after this piece."""
        settled, self._held = self._present().settle(self._held + piece if self._held else piece)
        return settled

    def finish(self) -> bytes:
        """Return what was held back, now that nothing follows."""
        rest, self._held = self._held, b""
        return self._present().clean(rest)
