"""One side of a TLS connection, without I/O: bytes from the wire in, plain bytes out, and the other way round.

We drive TLS ourselves, on either side. What a client has sent in a tunnel must be looked at before it is known to be
TLS. And a connection then costs no task, no transport of an event loop's own and no buffers of its own, each of which
is touched again whenever its connection has its turn.
"""

import contextlib
import ssl
from typing import final

_RECORD = 16 * 1024
"""The most that one read can give (RFC 8446 5.1)."""


@final
class TlsChannel:
    """One side. Raises `ssl.SSLError` when the other breaks the protocol, and in a handshake that fails."""

    __slots__ = ("_incoming", "_object", "_read", "_write", "closed", "established", "says")

    def __init__(self, context: ssl.SSLContext, *, server_name: str | None = None) -> None:
        """Begin as the server, or as the client of a server with this name."""
        self._incoming = ssl.MemoryBIO()
        self.says = ssl.MemoryBIO()
        """What TLS itself has to say, while it is `pending`: see `to_send`."""
        self._object = context.wrap_bio(
            self._incoming, self.says, server_side=server_name is None, server_hostname=server_name
        )
        self._read = self._object.read
        self._write = self._object.write
        self.established = False
        self.closed = False
        """Whether the other side has said that it sends no more."""

    def shake(self) -> bool:
        """Go on with the handshake; tell if it is over. Look for `to_send` afterwards."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.established = True
        return True

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the wire; return what was sent inside. Look for `to_send` afterwards."""
        incoming = self._incoming
        incoming.write(data)
        if not self.established and not (self.shake() and incoming.pending):
            return b""
        pieces: list[bytes] = []
        # Each read takes a whole record, so nothing is left inside; asking only while something is there spares an
        # exception for nearly every read.
        try:
            while not self.closed:
                piece = self._read(_RECORD)
                if not incoming.pending and piece and not pieces:
                    return piece
                pieces.append(piece)
                self.closed = not piece
                if not incoming.pending:
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        return b"".join(pieces)

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """What tells more of the connection."""
        return self._object

    @property
    def protocol(self) -> str | None:
        """What was agreed to be spoken inside (ALPN, RFC 7301), once the handshake is over."""
        return self._object.selected_alpn_protocol()

    def to_send(self) -> bytes:
        """Return what TLS itself has to say: handshake, alerts, tickets."""
        return self.says.read() if self.says.pending else b""

    def send(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the bytes for the wire."""
        written = self._write(data)
        while written < len(data):
            written += self._write(memoryview(data)[written:])
        return self.says.read()

    def close(self) -> bytes:
        """Return the bytes that say we send no more."""
        if self.established:
            with contextlib.suppress(ssl.SSLError):  # the other side has not said so yet, and need not
                self._object.unwrap()
        return self.says.read()
