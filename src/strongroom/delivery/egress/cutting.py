"""How a client's connection is cut so that the client notices."""

import asyncio
import os
import socket
import struct

_AT_ONCE = struct.pack("ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """Cut a connection with a reset. A plain end would pass for the end of a reply that has no length of its own."""
    plain: socket.socket | None = transport.get_extra_info("socket")
    if plain is not None and plain.fileno() >= 0:
        # The loops' own socket objects do not all let an option be set; a second one for the same socket does.
        with socket.socket(fileno=os.dup(plain.fileno())) as second:
            second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
