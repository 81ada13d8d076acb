"""Carries connections from a listener to one address, and to no other: bytes as they are, both ways.

It runs in a thread of its own, since the command's main thread waits for signals. When it ends, however it ends,
the listener is closed and so is every connection: nothing is opened by that, and nothing stays open.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)
"""`struct linger`: closing sends a reset (socket(7))."""


@contextmanager
def relaying(listener: socket.socket, target: tuple[str, int]) -> Iterator[None]:
    """Relay until the block ends. Takes the listener over."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=_run, args=(loop, listener, target, stop), name="relay", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # the loop is closed: it has ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(
    loop: asyncio.AbstractEventLoop, listener: socket.socket, target: tuple[str, int], stop: asyncio.Event
) -> None:
    try:
        loop.run_until_complete(_serve(listener, target, stop))
    finally:
        listener.close()
        loop.close()


async def _serve(listener: socket.socket, target: tuple[str, int], stop: asyncio.Event) -> None:
    running = set[asyncio.Task[None]]()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - streams run this as one
        running.add(task)
        task.add_done_callback(running.discard)
        with suppress(asyncio.CancelledError):  # Python 3.11's streams complain of it
            await _carry(reader, writer, target)

    server = await asyncio.start_server(accepted, sock=listener, limit=CHUNK)
    await stop.wait()
    server.close()
    for task in tuple(running):
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.sleep(0)  # the turn in which their sockets are closed


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int]) -> None:
    """Carry one connection to its end. What goes wrong on one side is a reset on the other, never an orderly end."""
    ends = [writer]
    try:
        back, onward = await asyncio.open_connection(*target, limit=CHUNK)
        ends.append(onward)
        async with asyncio.TaskGroup() as both:
            both.create_task(_copy(reader, onward))
            both.create_task(_copy(back, writer))
        for end in ends:
            end.close()
            await end.wait_closed()  # with all that was still to be sent
    except* OSError:
        pass  # reset or unreachable: that the connection ends says it
    finally:
        for end in ends:
            _reset(end.transport)


def _reset(transport: asyncio.WriteTransport) -> None:
    with suppress(OSError):  # closed in order
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy to the end of the source, no faster than the sink takes it, and then pass the end on."""
    while piece := await source.read(CHUNK):
        sink.write(piece)
        await sink.drain()
    sink.write_eof()
