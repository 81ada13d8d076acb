"""One text for both of Playwright's interfaces, whose methods have the same names: a step yields a call to make.

`run` makes the calls as they are, `arun` awaits what they return. What a call raises is raised where it was yielded.
"""

import asyncio
import inspect
from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")

Call = Callable[[], Any]
Steps = Generator[Call, Any, T]
"""Yields calls, is sent their results, returns the outcome."""


def run(steps: Steps[T]) -> T:
    """Go through the steps with the synchronous interface."""
    call, sent, failed = None, None, None
    while True:
        try:
            call = next(steps) if call is None else steps.throw(failed) if failed else steps.send(sent)
        except StopIteration as end:
            outcome: T = end.value
            return outcome
        failed = None
        try:
            sent = call()
        except Exception as error:  # noqa: BLE001 - whatever it is, the step decides
            failed = error


async def arun(steps: Steps[T]) -> T:
    """Go through the steps with the asynchronous interface; our own questions wait in a thread."""
    call, sent, failed = None, None, None
    while True:
        try:
            call = next(steps) if call is None else steps.throw(failed) if failed else steps.send(sent)
        except StopIteration as end:
            outcome: T = end.value
            return outcome
        failed = None
        try:
            if isinstance(call, Blocking):
                sent = await asyncio.to_thread(call)
            else:
                sent = call()
                if inspect.isawaitable(sent):
                    sent = await sent
        except Exception as error:  # noqa: BLE001 - as above
            failed = error


class Blocking:
    """A call that blocks its thread whichever interface is used."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self) -> Any:  # noqa: ANN401 - what the call returns
        return self._call()
