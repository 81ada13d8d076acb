"""Typing values: each is redeemed for the document that the field is in, and goes into that very field or nowhere.

Rules kept here:
- an element belongs to one document. It is held before the document's address is read, so a page that goes elsewhere
  in between takes the element away with it, and nothing is typed;
- a value is redeemed when the field is ready for it, and typed at once;
- Playwright's errors quote what was to be typed, so none of them is passed on as it is.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

from strongroom.core.failures import Invalid
from strongroom.core.fill_placeholders import parts_of
from strongroom.core.secret import Secret
from strongroom.playwright.asking import Asking, Value
from strongroom.playwright.outcomes import FillFailed, Shown
from strongroom.playwright.steps import Blocking, Steps
from strongroom.playwright.veil import Veil

BOXES_TAKE = 20
"""Seconds for which a code must be good that is typed digit by digit (contract skyvern-credentials 8.2)."""
_READY_MS = 10_000

Seconds = Callable[[], float]


@final
class Typing:
    """Types for one session, and remembers what."""

    def __init__(self, *, asking: Asking, veil: Veil, seconds: Seconds) -> None:
        self._asking = asking
        self._veil = veil
        self._seconds = seconds
        self._offered: set[str] = set()

    def offer(self, frame: Any, credential: str) -> Steps[Shown]:  # noqa: ANN401 - a frame or page of either interface
        """Ask for placeholders for a credential in a document."""
        url = frame.url
        shown: Shown = yield Blocking(lambda: self._asking.offer(credential, url))
        self._offered.update(shown.placeholders.values())
        return shown

    def element(self, target: Any) -> Steps[Any]:  # noqa: ANN401 - a locator or an element of either interface
        """Return the element that a locator leads to now."""
        find = getattr(target, "element_handle", None)
        if find is None:
            return target
        try:
            found = yield find
        except Exception as error:  # noqa: BLE001 - Playwright's, whatever it is
            raise self._hidden(error) from None
        return found

    def text(self, element: Any, text: str) -> Steps[None]:  # noqa: ANN401 - an element of either interface
        """Type what a model wrote, with values in the place of placeholders."""
        try:
            parts = parts_of(text, self._offered)
        except Invalid as invalid:
            raise FillFailed(str(invalid), code="fill_unknown") from None
        whole = ""
        yield from self._ready(element)
        for part in parts:
            if part in self._offered:
                whole += (yield from self.value(element, part)).reveal()
            else:
                whole += part
        yield from self.put(element, Secret(whole))

    def code(self, boxes: Sequence[Any], placeholder: str) -> Steps[None]:
        """Type a one-time code into its field, or each digit into its own."""
        if len(boxes) == 1:
            yield from self.text(boxes[0], placeholder)
            return
        yield from self._ready(boxes[0])
        answer = yield from self._redeemed(boxes[0], placeholder, lasting=BOXES_TAKE)
        ends = self._seconds() + (answer.lasts or BOXES_TAKE)
        digits = answer.secret.reveal()
        if len(digits) != len(boxes):
            raise FillFailed(f"the page has {len(boxes)} boxes for a code of {len(digits)} digits")
        for box, digit in zip(boxes, digits, strict=True):
            if self._seconds() >= ends:
                raise FillFailed("the code ran out while it was typed: ask for another offer")
            yield from self.put(box, Secret(digit))

    def value(self, element: Any, placeholder: str) -> Steps[Secret]:  # noqa: ANN401 - as above
        """Redeem a placeholder for the document that an element is in."""
        answer = yield from self._redeemed(element, placeholder, lasting=0)
        return answer.secret

    def redeemed_at(self, url: str, placeholder: str) -> Steps[Secret]:
        """Redeem a placeholder for what is sent to an address."""
        answer = yield from self._asked(lambda: self._asking.redeem(placeholder, url), placeholder)
        if answer.secret is None:
            raise FillFailed("a one-time code cannot be put into a request: have it typed")
        return answer.secret

    def put(self, element: Any, value: Secret) -> Steps[None]:  # noqa: ANN401 - as above
        """Put a value into a field that is ready for it."""
        try:
            yield lambda: element.fill(value.reveal())
        except Exception as error:  # noqa: BLE001 - Playwright's, whatever it is
            raise self._hidden(error) from None

    def _redeemed(self, element: Any, placeholder: str, *, lasting: int) -> Steps["Typed"]:  # noqa: ANN401 - as above
        frame = yield element.owner_frame
        if frame is None:
            raise FillFailed("the field has gone from its page")
        while True:  # a code may be still to come; when the offer is over, the server says so
            url = frame.url
            answer = yield from self._asked(lambda: self._asking.redeem(placeholder, url, lasting), placeholder)  # noqa: B023 - called now
            if answer.secret is not None:
                return Typed(answer.secret, answer.lasts)
            yield lambda: frame.wait_for_timeout(max(1, answer.wait) * 1000)  # noqa: B023 - called now

    def _asked(self, ask: Callable[[], Value], placeholder: str) -> Steps[Value]:
        answer: Value = yield Blocking(ask)
        if answer.secret is not None:
            self._veil.note(answer.secret, placeholder)
        return answer

    def _ready(self, element: Any) -> Steps[None]:  # noqa: ANN401 - as above
        try:
            yield lambda: element.wait_for_element_state("editable", timeout=_READY_MS)
        except Exception as error:  # noqa: BLE001 - as above
            raise self._hidden(error) from None

    def _hidden(self, error: Exception) -> FillFailed:
        """Say what Playwright said in its first line, which tells what was wrong; the others tell what was typed."""
        first = str(error).partition("\n")[0]
        return FillFailed(f"the field could not be typed into: {self._veil.text(first)}")


@final
class Typed:
    """A value that was redeemed, with the seconds for which a code is the one."""

    __slots__ = ("lasts", "secret")

    def __init__(self, secret: Secret, lasts: int | None) -> None:
        self.secret = secret
        self.lasts = lasts
