"""How a library that blocks in a thread asks clouds: the loop sends each request, by the port `Control`."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, final

from strongroom.core.calls import Call, ControlUrl, Reply
from strongroom.core.failures import Unreachable
from strongroom.services.oauth_ports import Control

T = TypeVar("T")

ANSWER_BYTES = 256 * 1024
OURS = frozenset({"content-length", "host", "accept-encoding", "connection"})
"""Headers that whoever sends writes."""


@final
class Threads:
    """Threads for this and nothing else: a cloud that is slow to answer holds up no other work."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="cloud")

    async def run(self, act: Callable[[], T]) -> T:
        """Run something in one of them."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, act)

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself within seconds."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@final
class Line:
    """A way from a thread to the loop on which it was made, open for so many seconds."""

    def __init__(self, control: Control, *, seconds: float) -> None:
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + seconds

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send a request from a thread. Raises `Invalid`, `NotPermitted`, `Unreachable` and `BadReply`."""
        left = self._until - self._loop.time()
        if left <= 0:
            raise Unreachable("there is no time left to ask a cloud")
        call = Call(
            method=method,
            url=ControlUrl.parse(url, insecure=True),
            headers={name: value for name, value in headers.items() if name.lower() not in OURS},
            body=body,
            limit_bytes=ANSWER_BYTES,
            ordinary_only=True,
        )
        sending = asyncio.run_coroutine_threadsafe(self._control.send(call, within=left), self._loop)
        try:
            return sending.result(left + 1)
        except TimeoutError:  # the loop is gone, or stands still
            sending.cancel()
            raise Unreachable("there is no time left to ask a cloud") from None
