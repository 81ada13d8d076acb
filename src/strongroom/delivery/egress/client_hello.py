"""The name that a client asks TLS for (SNI, RFC 6066 3), read from the beginning of what it sends.

OpenSSL reads it, as it would to choose a certificate, and is stopped there. Nothing is answered.
"""

import ssl
from enum import Enum, auto
from functools import cache
from typing import final

MOST_BYTES = 64 * 1024
"""A greeting is shorter; what goes on for longer is none."""


class Greeting(Enum):
    """How far a greeting has come."""

    INCOMPLETE = auto()
    READ = auto()
    NONE = auto()
    """It is no TLS, or none that can be read."""


@final
class ClientHello:
    """Feed it what the client sends until the greeting is no longer `INCOMPLETE`; then `name` is what was asked for."""

    __slots__ = ("_incoming", "_object", "_room", "name")

    def __init__(self) -> None:
        self._incoming = ssl.MemoryBIO()
        self._object = _context().wrap_bio(self._incoming, ssl.MemoryBIO(), server_side=True)
        self._room = MOST_BYTES
        self.name: str | None = None
        """None: it asked for none."""

    def feed(self, data: bytes) -> Greeting:
        """Take the next bytes. What comes behind the greeting is no part of it, and may be any length."""
        self._incoming.write(memoryview(data)[: self._room])
        self._room -= len(data)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return Greeting.INCOMPLETE if self._room > 0 else Greeting.NONE
        except ssl.SSLError:  # stopped by us, or of no use
            if isinstance(self._object, _Asked) and self._object.whole:
                self.name = self._object.name
                return Greeting.READ
        return Greeting.NONE  # where it goes on: that cannot be, there is no certificate to go on with


class _Asked(ssl.SSLObject):
    """Remembers what it was asked for."""

    whole = False
    name: str | None = None


@cache
def _context() -> ssl.SSLContext:
    """Return the one context of all greetings: to make one costs more than to read with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = _Asked
    context.sni_callback = _stop
    return context


def _stop(asked: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int:
    assert isinstance(asked, _Asked)  # noqa: S101 - the context makes no other
    asked.whole, asked.name = True, name
    return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE  # goes nowhere: nothing of what OpenSSL would say is sent
