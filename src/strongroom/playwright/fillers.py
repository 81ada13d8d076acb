"""The two interfaces: `Filler` for `playwright.sync_api`, `AsyncFiller` for `playwright.async_api`."""

import time
from collections.abc import Callable
from typing import Any, final

from strongroom.core.overriding import override
from strongroom.playwright.asking import Asking
from strongroom.playwright.logging_in import AsHandler, LoggingIn
from strongroom.playwright.outcomes import Login, Shown, Way
from strongroom.playwright.sending import Handler
from strongroom.playwright.steps import Steps, arun, run
from strongroom.playwright.typing_in import Typing
from strongroom.playwright.veil import Veil

PATIENCE = 5.0
"""Seconds for which a login waits for the next field before it takes the page for done."""
_INPUTS = "input, textarea"


class _Parts:
    """What both are made of. `url` is that of the server's API, `token` the session's fill token."""

    def __init__(self, as_handler: AsHandler, *, url: str, session: str, token: str) -> None:
        self.veil = Veil()
        self.typing = Typing(
            asking=Asking(url=url, session=session, token=token), veil=self.veil, seconds=time.monotonic
        )
        self.logging_in = LoggingIn(typing=self.typing, veil=self.veil, as_handler=as_handler)
        self.session = session

    def type(self, target: Any, text: str) -> Steps[None]:  # noqa: ANN401 - a locator or an element
        element = yield from self.typing.element(target)
        yield from self.typing.text(element, text)


@final
class Filler:
    """Fills logins for one session, with Playwright's synchronous interface."""

    def __init__(self, *, url: str, session: str, token: str) -> None:
        self._parts = _Parts(_handler, url=url, session=session, token=token)

    @override
    def __repr__(self) -> str:
        return f"Filler({self._parts.session!r})"

    def offer(self, page: Any, credential: str) -> Shown:  # noqa: ANN401 - a page or a frame
        """Return what a model may see of a credential on this page. Raises `FillFailed`."""
        return run(self._parts.typing.offer(page, credential))

    def type(self, target: Any, text: str) -> None:  # noqa: ANN401 - a locator or an element
        """Type what a model wrote: a placeholder's value, or the text as it is. Raises `FillFailed`."""
        run(self._parts.type(target, text))

    def fill_login(
        self,
        page: Any,  # noqa: ANN401 - a page or a frame
        credential: str,
        *,
        way: Way = Way.TYPED,
        patience: float = PATIENCE,
    ) -> Login:
        """Find the login's fields, fill them and send the form, page after page. Raises `FillFailed`."""
        frame = getattr(page, "main_frame", page)
        return run(self._parts.logging_in.login(frame, credential, way, int(patience * 1000)))

    def text(self, shown: str) -> str:
        """Return a text without the values that were filled: for whatever a model or a log is to see."""
        return self._parts.veil.text(shown)

    def snapshot(self, page: Any) -> str:  # noqa: ANN401 - as above
        """Return the page's accessibility tree without values."""
        return self.text(page.locator("body").aria_snapshot())

    def content(self, page: Any) -> str:  # noqa: ANN401 - as above
        """Return the page's HTML without values."""
        return self.text(page.content())

    def screenshot(self, page: Any, **options: Any) -> bytes:  # noqa: ANN401 - as above; Playwright's options
        """Return a picture of the page in which what stands in fields is covered."""
        picture: bytes = page.screenshot(**{"mask": [page.locator(_INPUTS)], **options})
        return picture


@final
class AsyncFiller:
    """The same with Playwright's asynchronous interface."""

    def __init__(self, *, url: str, session: str, token: str) -> None:
        self._parts = _Parts(_async_handler, url=url, session=session, token=token)

    @override
    def __repr__(self) -> str:
        return f"AsyncFiller({self._parts.session!r})"

    async def offer(self, page: Any, credential: str) -> Shown:  # noqa: ANN401 - a page or a frame
        """Return what a model may see of a credential on this page. Raises `FillFailed`."""
        return await arun(self._parts.typing.offer(page, credential))

    async def type(self, target: Any, text: str) -> None:  # noqa: ANN401 - a locator or an element
        """Type what a model wrote: a placeholder's value, or the text as it is. Raises `FillFailed`."""
        await arun(self._parts.type(target, text))

    async def fill_login(
        self,
        page: Any,  # noqa: ANN401 - a page or a frame
        credential: str,
        *,
        way: Way = Way.TYPED,
        patience: float = PATIENCE,
    ) -> Login:
        """Find the login's fields, fill them and send the form, page after page. Raises `FillFailed`."""
        frame = getattr(page, "main_frame", page)
        return await arun(self._parts.logging_in.login(frame, credential, way, int(patience * 1000)))

    def text(self, shown: str) -> str:
        """Return a text without the values that were filled: for whatever a model or a log is to see."""
        return self._parts.veil.text(shown)

    async def snapshot(self, page: Any) -> str:  # noqa: ANN401 - as above
        """Return the page's accessibility tree without values."""
        return self.text(await page.locator("body").aria_snapshot())

    async def content(self, page: Any) -> str:  # noqa: ANN401 - as above
        """Return the page's HTML without values."""
        return self.text(await page.content())

    async def screenshot(self, page: Any, **options: Any) -> bytes:  # noqa: ANN401 - as above; Playwright's options
        """Return a picture of the page in which what stands in fields is covered."""
        picture: bytes = await page.screenshot(**{"mask": [page.locator(_INPUTS)], **options})
        return picture


def _handler(steps: Callable[[Any], Steps[None]]) -> Handler:
    return lambda route: run(steps(route))


def _async_handler(steps: Callable[[Any], Steps[None]]) -> Handler:
    async def handle(route: Any) -> None:  # noqa: ANN401 - a route
        await arun(steps(route))

    return handle
