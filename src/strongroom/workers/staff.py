"""One worker as its server sees it: a process of its own, at the other end of a channel."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping
from typing import Self, final

from strongroom.core.failures import NotReady
from strongroom.settings import PREFIX
from strongroom.workers.channel import Channel, Counts
from strongroom.workers.handover import Handover


@final
class Worker:
    """A process that was started. It is asked to stop by words; if the channel closes, it ends at once."""

    def __init__(self, *, number: int, process: Process, channel: Channel) -> None:
        self.number = number
        self.serving = False
        self.served = False
        self.why: str | None = None
        """What it said of its failure."""
        self.told = asyncio.Event()
        """Set when it has said its counts, or has ended."""
        self._process = process
        self._channel = channel

    @classmethod
    async def started(cls, handover: Handover, bound: socket.socket) -> Self:
        """Start one on a bound socket. Raises `NotReady` if the system does not let us."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    # -P: what lies in the directory that the server was started in is not ours to run.
                    *(sys.executable, "-P", "-m", "strongroom.workers", str(theirs.fileno()), str(bound.fileno())),
                    pass_fds=(theirs.fileno(), bound.fileno()),
                    env=_environment(os.environ),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    start_new_session=True,  # what is typed at the server's terminal goes to the server alone
                )
            except OSError as error:
                ours.close()
                raise NotReady(f"no process can be started ({error.strerror}): choose fewer --workers") from None
        channel = await Channel.over(ours)
        channel.say(**handover.written())
        return cls(number=handover.number, process=process, channel=channel)

    async def run(self, *, counts: Callable[[int, Counts], None], changed: Callable[[], None]) -> str:
        """Listen until it has ended; return how. `changed` is called when it begins to serve."""
        try:
            while (words := await self._channel.hear()) is not None:
                self.why = words.get("failed", self.why)
                if "counts" in words:
                    counts(self.number, words["counts"])
                    self.told.set()
                if "serving" in words:
                    self.serving = self.served = True
                    changed()
            self.serving = False
            return _how(await self._process.wait(), self.why)
        finally:
            self.serving = False
            self.told.set()
            await self._channel.close()

    def ask(self) -> None:
        """Have it say its counts."""
        self.told.clear()
        self._channel.say(count=True)

    def stop(self, grace: float) -> None:
        """Have it finish what is under way within the grace, and end."""
        self._channel.say(stop=grace)

    def kill(self) -> None:
        """End it now."""
        if self._process.returncode is None:
            self._process.kill()


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave our own variables out: what a worker may know of them is handed over."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def _how(code: int, why: str | None) -> str:
    if why is not None:
        return why
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with exit code {code}"
