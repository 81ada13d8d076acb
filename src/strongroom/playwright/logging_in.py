"""A whole login: user name, password and one-time code, on one page or on several that follow each other.

The password is typed last, and the form is sent at once.
"""

from collections.abc import Callable
from typing import Any, final

from strongroom.playwright.fields import Fields, look, submit_button
from strongroom.playwright.outcomes import FillFailed, Login, Shown, Way
from strongroom.playwright.sending import EVERYTHING, Handler, Sending
from strongroom.playwright.steps import Steps
from strongroom.playwright.typing_in import Typing
from strongroom.playwright.veil import Veil

MOST_PAGES = 5
_PAUSE_MS = 100
USERNAME, PASSWORD, TOTP = "username", "password", "totp"

AsHandler = Callable[[Callable[[Any], Steps[None]]], Handler]
"""Makes a handler of steps, in the way of one interface."""


@final
class LoggingIn:
    """Logs in for one session."""

    def __init__(self, *, typing: Typing, veil: Veil, as_handler: AsHandler) -> None:
        self._typing = typing
        self._veil = veil
        self._as_handler = as_handler

    def login(self, frame: Any, credential: str, way: Way, patience_ms: int) -> Steps[Login]:  # noqa: ANN401 - a frame
        """Fill what a frame asks for, until it asks for nothing more."""
        shown = yield from self._typing.offer(frame, credential)
        done: list[str] = []
        for _ in range(MOST_PAGES):
            fields = yield from self._next(frame, shown, done, patience_ms)
            if fields is None:
                break
            yield from self._page(frame, fields, shown, done, way, patience_ms)
        if PASSWORD in shown.placeholders and PASSWORD not in done:
            raise FillFailed("no field for a password was found on the page")
        return Login(fields=tuple(done), url=self._veil.text(frame.url))

    def _next(self, frame: Any, shown: Shown, done: list[str], patience_ms: int) -> Steps[Fields | None]:  # noqa: ANN401 - as above
        """Wait for a field that is still to be filled."""
        if not [name for name in (USERNAME, PASSWORD, TOTP) if name in shown.placeholders and name not in done]:
            return None
        trouble: Exception | None = None
        for _ in range(max(1, patience_ms // _PAUSE_MS)):
            try:
                fields = yield from look(frame)
                trouble = None
            except Exception as error:  # noqa: BLE001 - most likely the page is on its way to another: look again
                fields, trouble = None, error
            if fields is not None and _wanted(fields, shown, done):
                return fields
            yield lambda: frame.wait_for_timeout(_PAUSE_MS)
        if trouble is not None:
            raise FillFailed(f"the page could not be looked at: {self._veil.text(str(trouble).partition(chr(10))[0])}")
        return None

    def _page(  # noqa: PLR0913 - what all steps of it need
        self,
        frame: Any,  # noqa: ANN401 - as above
        fields: Fields,
        shown: Shown,
        done: list[str],
        way: Way,
        patience_ms: int,
    ) -> Steps[None]:
        wanted = _wanted(fields, shown, done)
        last = None
        if USERNAME in wanted:
            last = fields.username
            yield from self._typing.text(last, shown[USERNAME])
        if TOTP in wanted:
            last = fields.code[-1]
            yield from self._typing.code(fields.code, shown[TOTP])
        done.extend(name for name in wanted if name != PASSWORD)
        if PASSWORD not in wanted:
            yield from self._submit(last, lenient=TOTP in wanted)
            return
        done.append(PASSWORD)
        if way is Way.TYPED:
            yield from self._typing.text(fields.password, shown[PASSWORD])
            yield from self._submit(fields.password)
            return
        sending = Sending(shown[PASSWORD], typing=self._typing, veil=self._veil)
        yield from sending.into(fields.password)
        handler = self._as_handler(sending.pass_on)
        yield lambda: frame.page.route(EVERYTHING, handler)
        try:
            yield from self._submit(fields.password)
            yield from sending.until_sent(frame, patience_ms=patience_ms)
        finally:
            yield lambda: frame.page.unroute(EVERYTHING, handler)

    def _submit(self, field: Any, *, lenient: bool = False) -> Steps[None]:  # noqa: ANN401 - an element
        """Send the form. A page that sent it by itself at the last digit is fine too."""
        try:
            button = yield from submit_button(field)
            if button is None:
                yield lambda: field.press("Enter")
            else:
                yield button.click
        except Exception as error:  # noqa: BLE001 - Playwright's, whatever it is
            if not lenient:
                first = str(error).partition("\n")[0]
                raise FillFailed(f"the form could not be sent: {self._veil.text(first)}") from None


def _wanted(fields: Fields, shown: Shown, done: list[str]) -> list[str]:
    present = {USERNAME: fields.username is not None, PASSWORD: fields.password is not None, TOTP: bool(fields.code)}
    return [name for name, there in present.items() if there and name in shown.placeholders and name not in done]
