"""The data directory: made private, locked by the one server that uses it, and its few plain files."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.core.failures import NotReady

ADMIN_KEY = "admin-key"
BUNDLE = "ca-bundle.pem"
CERTIFICATE = "ca.pem"
_LOCK = "lock"
_OWN_ONLY = 0o700


def prepare(path: Path) -> None:
    """Make the directory (0700) if it is missing. Raises `NotReady` if it cannot be used."""
    try:
        path.mkdir(mode=_OWN_ONLY, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotReady(f"{path} is not a directory: choose another --data-dir") from None
    except OSError as error:
        raise NotReady(f"{path} cannot be made ({error.strerror}): choose another --data-dir") from None
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise NotReady(f"{path} is not writable for this user: change its owner or choose another --data-dir")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the directory for one server. Raises `NotReady` while another holds it."""
    try:
        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotReady(f"{path} cannot be written ({error.strerror}): choose another --data-dir") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotReady(f"another server is using {path}: stop it or choose another --data-dir") from None
        yield
    finally:
        os.close(handle)


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a small file whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
