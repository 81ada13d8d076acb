"""Which server the commands talk to, and with which key: options, then variables, then the data directory."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final
from urllib.parse import urlsplit

from strongroom.cli.client import TIMEOUT, Client
from strongroom.cli.complaint import Complaint
from strongroom.core.secret import Secret
from strongroom.data_dir import ADMIN_KEY

DEFAULT_SERVER = "http://127.0.0.1:8700"
DEFAULT_DATA_DIR = "~/.strongroom"

SERVER = "STRONGROOM_URL"
KEY = "STRONGROOM_API_KEY"
DATA_DIR = "STRONGROOM_DATA_DIR"
_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")
"""What a header line and a request line can carry: ASCII, no blanks, no controls."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What was said of the server; nothing is read or opened until a command asks."""

    server: str
    data_dir: Path
    given_key: Secret | None

    @classmethod
    def read(cls, environ: Mapping[str, str], *, server: str | None, data_dir: Path | None) -> "Connection":
        """Read options and variables. Raises `Complaint` for an address that is none."""
        key = environ.get(KEY)
        return cls(
            server=_checked(server or environ.get(SERVER) or DEFAULT_SERVER),
            data_dir=_expanded(data_dir or Path(environ.get(DATA_DIR) or DEFAULT_DATA_DIR)),
            given_key=Secret(key) if key else None,
        )

    @property
    def key_file(self) -> Path:
        """Where the first start of the server on this machine keeps its admin key."""
        return self.data_dir / ADMIN_KEY

    def key(self) -> Secret:
        """Return the key. Raises `Complaint` if there is none."""
        if self.given_key is not None:
            return _usable(self.given_key, KEY)
        try:
            return _usable(Secret(self.key_file.read_text(encoding="utf-8", errors="replace")), str(self.key_file))
        except FileNotFoundError:
            raise Complaint(
                f"no API key: set {KEY}, or start a server here with `strongroom serve` ({self.key_file} is not there)"
            ) from None
        except OSError as error:
            raise Complaint(f"{self.key_file} cannot be read ({error.strerror}): set {KEY} instead") from None

    def client(self, *, timeout: float = TIMEOUT) -> Client:
        """Return a client that presents the key."""
        return Client(server=self.server, key=self.key(), timeout=timeout)


def _usable(written: Secret, source: str) -> Secret:
    """Return the key without what stands around it. Raises `Complaint` for one that no header could carry."""
    key = written.reveal().strip()
    if not _VISIBLE.match(key):
        raise Complaint(f"{source} does not hold a key: a key is one line of visible ASCII characters without blanks")
    return Secret(key)


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise Complaint(f"this user's home directory is not known: set {DATA_DIR}, or HOME") from None


def _checked(server: str) -> str:
    if not _is_address(server):
        raise Complaint(f"the server's address must look like {DEFAULT_SERVER}: check {SERVER}")
    return server.rstrip("/")


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        reachable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # as the connection will; a ValueError for what is no name
    except ValueError:
        return False
    return reachable and bool(_VISIBLE.match(server)) and not (parts.query or parts.fragment or parts.username)
