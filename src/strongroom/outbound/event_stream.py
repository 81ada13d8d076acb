"""Server-sent events, read piece by piece (WHATWG HTML 9.2.6): an event's type and data as soon as it is complete."""

from collections.abc import Iterator
from typing import final


@final
class EventStream:
    """Give it what arrives; it gives back the events that are complete with that. Comments and ids are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._type = ""
        self._data: list[str] = []
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[tuple[str, str]]:
        """Yield (type, data) of each event."""
        self._rest += piece
        while (end := self._line_end()) is not None:
            line, self._rest = self._rest[: end[0]], self._rest[end[1] :]
            if not self._begun:
                line, self._begun = line.removeprefix(b"\xef\xbb\xbf"), True
            if line:
                self._field(line.decode(errors="replace"))
                continue
            if self._data:
                yield self._type or "message", "\n".join(self._data)
            self._type, self._data = "", []

    def _line_end(self) -> tuple[int, int] | None:
        """Where the line ends and where the next begins: CR LF, LF or CR; a CR at the end may be half of one."""
        found = [at for at in (self._rest.find(b"\n"), self._rest.find(b"\r")) if at >= 0]
        if not found:
            return None
        at = min(found)
        if self._rest[at : at + 1] == b"\n":
            return at, at + 1
        if at + 1 == len(self._rest):
            return None
        return at, at + 2 if self._rest[at + 1 : at + 2] == b"\n" else at + 1

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
