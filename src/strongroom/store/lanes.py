"""Threads that run blocking work in the order in which it was asked for.

One hop there and one back for a whole transaction. A driver that hops for each statement
(aiosqlite) costs three to four times the CPU for a read of one row (docs/adr/0002).
"""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, final

from strongroom.core.failures import Unavailable

T = TypeVar("T")

_Job = tuple["asyncio.Future[Any]", Callable[[], Any]]


@final
class Lane:
    """`width` threads over one queue. With one thread, work is done strictly one after another."""

    def __init__(self, *, name: str, width: int) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [
            Thread(target=_work, args=(self._jobs,), name=f"{name}-{number}", daemon=True) for number in range(width)
        ]
        self._open = False

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()
        self._open = True

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue work. It is done even if nobody waits for it any more; a closed lane is `Unavailable`."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._open:
            self._jobs.put((done, work))
        else:
            done.set_exception(Unavailable("the database is closed"))
        return done

    async def close(self) -> None:
        """Let what is queued finish, then end the threads."""
        if not self._open:
            return
        self._open = False
        for _ in self._threads:
            self._jobs.put(None)
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        _answer(*job)


def _answer(done: asyncio.Future[Any], work: Callable[[], Any]) -> None:
    try:
        result = work()
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it belongs to the one who asked
        _tell(done, _fail, failure)
    else:
        _tell(done, _succeed, result)


def _tell(done: asyncio.Future[Any], how: Callable[..., None], what: object) -> None:
    try:
        done.get_loop().call_soon_threadsafe(how, done, what)
    except RuntimeError:  # the asker's event loop is gone, and the asker with it
        return


def _succeed(done: asyncio.Future[Any], result: object) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[Any], failure: BaseException) -> None:
    if not done.done():
        done.set_exception(failure)
