"""Whom a conversation is with: what its driver needs of a client's connection, or of one of its streams."""

from typing import Protocol

from strongroom.core.hosts import Host


class Client(Protocol):
    """Whom a conversation is with. Nothing of this calls back before it returns, but for `start_tls`."""

    def send(self, data: bytes) -> None:
        """Send, if the client is still there."""

    def steer(self, *, paused: bool) -> bool:
        """Stop reading what the client sends, or go on; false if its connection is ending and has no more to read."""

    def start_tls(self, host: Host, early: bytes) -> None:
        """Speak TLS from here on, as this host; `early` is what has arrived of it."""

    def close(self, *, linger: bool) -> None:
        """Close when everything is sent; `linger` if the client may still be sending."""

    def cut(self) -> None:
        """Cut at once, so that the client cannot take what it has got for complete."""
