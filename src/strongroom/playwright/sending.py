"""A password that the page never has: it holds the placeholder, and the request that it sends gets the value.

Rules kept here:
- the value is redeemed for the address that the request goes to, so a form that leads elsewhere gets nothing;
- no redirect is followed with it. Chromium would send a changed body on to wherever a 307 points; so the request is
  made outside of the page, its answer is handed in, and what follows a redirect is what the page has: placeholders;
- the answer is looked through before the page gets it: a site that repeats what was sent repeats the placeholder.
"""

from collections.abc import Callable
from typing import Any, final

from strongroom.core.substitution import body_encoding, encode
from strongroom.playwright.outcomes import FillFailed
from strongroom.playwright.steps import Steps
from strongroom.playwright.typing_in import Typing
from strongroom.playwright.veil import Veil

EVERYTHING = "**/*"
_NOT_SENT = "the page did not send what was typed as it is: let the password be typed (Way.TYPED)"


@final
class Sending:
    """One password on its way."""

    def __init__(self, placeholder: str, *, typing: Typing, veil: Veil) -> None:
        self._placeholder = placeholder
        self._typing = typing
        self._veil = veil
        self.sent = False
        self.failure: FillFailed | None = None

    def into(self, element: Any) -> Steps[None]:  # noqa: ANN401 - an element of either interface
        """Let a field hold the placeholder. Raises `FillFailed` for one that takes no text so long."""
        from_field = None
        try:
            yield lambda: element.fill(self._placeholder)
            from_field = yield element.input_value
        except Exception:  # noqa: BLE001 - Playwright's, whatever it is
            from_field = None
        if from_field != self._placeholder:
            raise FillFailed("the field does not take a placeholder: let the password be typed (Way.TYPED)")

    def pass_on(self, route: Any) -> Steps[None]:  # noqa: ANN401 - a route of either interface
        """Let a request pass, with the value if it holds the placeholder."""
        request = route.request
        body = request.post_data_buffer
        marker = self._placeholder.encode()
        if body is None or marker not in body:
            yield route.fallback
            return
        try:
            encoding = body_encoding(request.headers.get("content-type", "").encode("latin-1", "replace"))
            value = yield from self._typing.redeemed_at(request.url, self._placeholder)
            filled = body.replace(marker, encode(value.reveal(), encoding))
            answer = yield lambda: route.fetch(post_data=filled, max_redirects=0)
            clean = self._veil.bytes((yield answer.body))
            self.sent = True
            yield lambda: route.fulfill(response=answer, body=clean)
        except FillFailed as failure:
            self.failure = failure
            yield route.abort
        except Exception:  # noqa: BLE001 - Playwright's, which may quote the request
            self.failure = FillFailed("the request with the password failed")
            yield route.abort

    def until_sent(self, frame: Any, *, patience_ms: int) -> Steps[None]:  # noqa: ANN401 - a frame of either interface
        """Wait until it was sent. Raises `FillFailed` if it was refused, or if the page sent something else."""
        pause = 50
        for _ in range(max(1, patience_ms // pause)):
            if self.sent:
                return
            if self.failure is not None:
                raise self.failure
            yield lambda: frame.wait_for_timeout(pause)
        raise FillFailed(_NOT_SENT)


Handler = Callable[[Any], Any]
"""What Playwright calls for each request; a coroutine function in its asynchronous interface."""
