"""The name that a client asks TLS for (SNI, RFC 6066 3), read from the beginning of what it sends.

OpenSSL reads it, as it would to choose a certificate, and is stopped there. Nothing is answered.
"""

import ssl
from enum import Enum, auto
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

    __slots__ = ("_context", "_fed", "_incoming", "_object", "_seen", "name")

    def __init__(self) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = self._asked
        self._incoming = ssl.MemoryBIO()
        self._object = self._context.wrap_bio(self._incoming, ssl.MemoryBIO(), server_side=True)
        self._fed = 0
        self._seen = False
        self.name: str | None = None
        """None: it asked for none."""

    def feed(self, data: bytes) -> Greeting:
        """Take the next bytes."""
        self._fed += len(data)
        if self._fed > MOST_BYTES:
            return self._read(Greeting.NONE)
        self._incoming.write(data)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return Greeting.INCOMPLETE
        except ssl.SSLError:  # stopped by us, or of no use
            return self._read(Greeting.READ if self._seen else Greeting.NONE)
        return self._read(Greeting.NONE)  # cannot be: there is no certificate to go on with

    def _read(self, how: Greeting) -> Greeting:
        self._context.sni_callback = None  # the context holds us, and we the context
        return how

    def _asked(self, _object: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int:
        self._seen = True
        self.name = name
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE  # goes nowhere: nothing of what OpenSSL would say is sent
