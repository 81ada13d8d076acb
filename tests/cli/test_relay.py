"""The relay of `run --isolate`: one target, both directions, no more in memory than in flight."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from strongroom.cli.relay import relaying

PATIENCE = 20.0
MUCH = 64 << 20


@contextmanager
def relayed() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield a connection through the relay: its near end and its far end."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    with socket.create_server(("127.0.0.1", 0)) as target, relaying(listener, target.getsockname()):
        target.settimeout(PATIENCE)
        near = socket.create_connection(address, PATIENCE)
        far, _ = target.accept()
        far.settimeout(PATIENCE)
        with near, far:
            yield near, far


def everything(end: socket.socket) -> bytes:
    return b"".join(iter(lambda: end.recv(1 << 16), b""))


def send_and_close(end: socket.socket, text: bytes) -> None:
    end.sendall(text)
    end.close()


def connect_and_read(address: tuple[str, int]) -> None:
    with socket.create_connection(address, PATIENCE) as near:
        near.recv(1)


def test_an_end_is_passed_on_and_the_other_direction_goes_on() -> None:
    with relayed() as (near, far):
        near.sendall(b"question")
        near.shutdown(socket.SHUT_WR)
        assert everything(far) == b"question"
        far.sendall(b"answer")
        far.shutdown(socket.SHUT_WR)
        assert everything(near) == b"answer"


def test_the_last_bytes_arrive_although_the_reader_is_slow() -> None:
    text = bytes(range(256)) * (8 << 12)
    with relayed() as (near, far):
        near.shutdown(socket.SHUT_WR)
        sending = threading.Thread(target=send_and_close, args=(far, text))
        sending.start()
        assert near.recv(1) == text[:1]
        sending.join(0.2)
        assert everything(near) == text[1:]
        sending.join(PATIENCE)


def test_a_reader_that_does_not_read_stops_the_writer() -> None:
    with relayed() as (near, far):
        far.settimeout(0.5)
        with pytest.raises(TimeoutError):
            far.sendall(bytes(MUCH))
        near.close()


def test_a_reset_is_passed_on() -> None:
    with relayed() as (near, far):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        with pytest.raises(ConnectionResetError):
            near.recv(1)


def test_where_nothing_listens_the_connection_ends_and_the_next_one_works() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    with socket.socket() as target:
        target.bind(("127.0.0.1", 0))
        with relaying(listener, target.getsockname()):
            with pytest.raises(ConnectionResetError):
                connect_and_read(address)
            target.listen()
            with socket.create_connection(address, PATIENCE) as near, target.accept()[0] as far:
                far.sendall(b"here")
                assert near.recv(4) == b"here"


def test_nothing_is_left_when_it_ends() -> None:
    before = threading.active_count()
    with relayed() as (near, far):
        address = near.getpeername()
        near.sendall(b"x")
        assert far.recv(1) == b"x"
        held = near.dup(), far.dup()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    for end in held:
        with end, pytest.raises(ConnectionResetError):
            end.recv(1)
