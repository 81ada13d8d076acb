"""TLS with a client, without I/O: bytes from the wire in, plain bytes out, and the other way round.

We drive TLS ourselves because what a client has sent in a tunnel must be looked at before it is known to be TLS, and
because one connection then costs no task, no transport of its own and no buffer of its own.
"""

import contextlib
import ssl
from typing import final

_RECORD = 16 * 1024
"""The most that one read can give (RFC 8446 5.1)."""


@final
class TlsChannel:
    """The server's side of one TLS connection. Raises `ssl.SSLError` when the client breaks the protocol."""

    __slots__ = ("_incoming", "_object", "_outgoing", "closed", "established")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.established = False
        self.closed = False
        """Whether the client has said that it sends no more."""

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the wire; return what was sent inside. Look for `to_send` afterwards."""
        self._incoming.write(data)
        if not self.established:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                return b""
            self.established = True
        pieces: list[bytes] = []
        # Each read takes a whole record, so nothing is left inside; asking only while something is there spares an
        # exception for nearly every read.
        while not self.closed and self._incoming.pending:
            try:
                piece = self._object.read(_RECORD)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if piece:
                pieces.append(piece)
            else:
                self.closed = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def protocol(self) -> str | None:
        """What was agreed to be spoken inside (ALPN, RFC 7301), once the handshake is over."""
        return self._object.selected_alpn_protocol()

    def to_send(self) -> bytes:
        """Return what TLS itself has to say: handshake, alerts, tickets."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def send(self, data: bytes) -> bytes:
        """Return the bytes for the wire."""
        written = self._object.write(data)
        while written < len(data):
            written += self._object.write(memoryview(data)[written:])
        return self._outgoing.read()

    def close(self) -> bytes:
        """Return the bytes that say we send no more."""
        if self.established:
            with contextlib.suppress(ssl.SSLError):  # the other side has not said so yet, and need not
                self._object.unwrap()
        return self._outgoing.read()
