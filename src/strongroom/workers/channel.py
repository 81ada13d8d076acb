"""What server and worker say to each other: lines of JSON over a pair of sockets that nobody else can reach.

The first line goes to the worker and is its hand-over; it carries the root key's passphrase, which
is therefore in no argument, no variable and no file.
"""

import asyncio
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Self, final

from strongroom.core.overriding import override

LONGEST = 1 << 20
"""Bytes of a line: a hand-over with every option, or all counts, is a few thousand."""

Words = Mapping[str, Any]
"""One line. The keys of a worker's: `serving`, `failed`, `counts`; of the server's: `stop`, `count`."""

Counts = Sequence[Mapping[str, Any]]
"""Families of metrics, as `counts.py` writes them."""


@final
class Channel:
    """One end of the pair."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        """Take an end over."""
        return cls(*await asyncio.open_unix_connection(sock=end, limit=LONGEST))

    @override
    def __repr__(self) -> str:
        return "Channel(…)"  # never with what went through it

    def say(self, **words: object) -> None:
        """Send a line. If the other side has gone, that is heard by whoever listens."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(words).encode() + b"\n")

    async def hear(self) -> Words | None:
        """Return the next line; None if the other side has gone, or says what is none."""
        try:
            line = await self._reader.readline()
            words = json.loads(line) if line.endswith(b"\n") else None
        except (OSError, ValueError):
            return None
        return words if isinstance(words, dict) else None

    async def close(self) -> None:
        """Close this end, once what was said has gone out."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
