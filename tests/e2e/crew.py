"""A server with workers, seen from outside: which processes there are, and tunnels that stay open."""

import base64
import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.e2e.stage import House


def workers(house: House) -> list[int]:
    """Return the worker processes, oldest first."""
    children: list[int] = []
    for thread in Path(f"/proc/{house.process.pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended meanwhile has no children
            children += map(int, (thread / "children").read_text().split())
    return sorted(children)


def shares(house: House, tunnels: Sequence["Tunnel"]) -> dict[int, int]:
    """Return how many of these tunnels each worker holds."""
    ports = {tunnel.port for tunnel in tunnels}
    held = {f"socket:[{inode}]" for remote, inode in _accepted(int(house.proxy.rpartition(":")[2])) if remote in ports}
    return {worker: len(_descriptors(worker) & held) for worker in workers(house)}


def _accepted(port: int) -> Iterator[tuple[int, str]]:
    """Yield the other side's port and the number of each socket whose own port this is."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, *_, inode = line.split()[:10]
        if int(here.rpartition(":")[2], 16) == port:
            yield int(there.rpartition(":")[2], 16), inode


def _descriptors(worker: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{worker}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(descriptor.readlink()))
    return found


def alive(worker: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{worker}/status").read_text()
    except OSError:
        return False


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def refused(house: House) -> bool:
    """Tell whether the proxy's port is closed. A process that has ended holds its sockets until its last thread has."""
    host, port = house.proxy.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def counts(house: House) -> dict[str, float]:
    """Return what `/metrics` says."""
    lines = [line.rsplit(" ", 1) for line in house.call("GET", "/metrics").text.splitlines() if line[0] != "#"]
    return {name: float(value) for name, value in lines}


class Tunnel:
    """One connection of an agent through the proxy to an HTTPS host, kept open."""

    def __init__(self, session: Mapping[str, Any], host: str, port: int) -> None:
        proxy = urlsplit(session["egress"]["proxy_url"])
        assert proxy.hostname is not None
        raw = socket.create_connection((proxy.hostname, proxy.port or 0), timeout=20)
        self.port = raw.getsockname()[1]
        basic = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n".encode())
        raw.sendall(f"Proxy-Authorization: Basic {basic}\r\n\r\n".encode())
        said = b""
        while b"\r\n\r\n" not in said:
            said += raw.recv(1)
        if b" 200 " not in said:
            raw.close()
            raise ConnectionRefusedError(said)
        context = ssl.create_default_context(cadata=session["egress"]["ca_certificate"])
        self._socket = context.wrap_socket(raw, server_hostname=host)
        self._host = f"{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Send a request; return status and JSON. Raises `OSError` if the connection is closed."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{lines}\r\n".encode())
        return self.reply()

    def send(self, path: str) -> None:
        """Send a request, and do not wait for its reply."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())

    def reply(self) -> tuple[int, Any]:
        said = b""
        while b"\r\n\r\n" not in said:
            said += self._more()
        head, _, body = said.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        if fields.get(b"transfer-encoding") == b"chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
            parts, rest = b"", body
            while size := int(rest[: rest.index(b"\r\n")], 16):
                start = rest.index(b"\r\n") + 2
                parts, rest = parts + rest[start : start + size], rest[start + size + 2 :]
            body = parts
        else:
            while len(body) < int(fields[b"content-length"]):
                body += self._more()
        text = body.decode()
        return int(head.split(b" ")[1]), json.loads(text) if text.startswith("{") else text

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionResetError
        return piece
