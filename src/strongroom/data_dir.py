"""The data directory: made private, locked by the one server that uses it, and its few plain files.

A start that fails leaves nothing behind: what it made and did not fill is taken away again.
"""

import fcntl
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from strongroom.core.failures import NotReady

ADMIN_KEY = "admin-key"
CERTIFICATE = "ca.pem"
_LOCK = "lock"
_OWN_ONLY = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger(__name__)


def prepare(path: Path) -> None:
    """Look whether the directory can be used, or made. Raises `NotReady`; one that is open to others is told."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise NotReady(f"{path} is not in a directory: choose another --data-dir") from None
    except OSError as error:
        raise NotReady(
            f"{path} cannot be used ({error.strerror}): start as its owner or choose another --data-dir"
        ) from None
    if not stat.S_ISDIR(mode):
        raise NotReady(f"{path} is not a directory: choose another --data-dir")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise NotReady(
            f"{path} is not readable and writable for this user: start as its owner or choose another --data-dir"
        )
    if mode & _OTHERS:
        _log.warning("the data directory %s is open to other users (%o): chmod 700 %s", path, stat.S_IMODE(mode), path)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Make the directory (0700) if it is missing, and hold it for one server.

    Raises `NotReady` while another holds it, and if it cannot be made.
    """
    with ExitStack() as undone:
        for folder in _missing(path):
            try:
                folder.mkdir(mode=_OWN_ONLY, exist_ok=True)
            except OSError as error:
                raise NotReady(f"{folder} cannot be made ({error.strerror}): choose another --data-dir") from None
            undone.callback(_remove_empty, folder)
        handle = _opened(path / _LOCK)
        undone.callback(os.close, handle)
        undone.callback(_remove_lone, path / _LOCK)
        yield


def write(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Write a small file whole or not at all. Raises `NotReady` if it cannot be written."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise NotReady(
            f"{path} cannot be written ({error.strerror}): make room or make it writable, then start again"
        ) from None


def _missing(path: Path) -> list[Path]:
    """Return what has to be made, outermost first."""
    return [folder for folder in (*reversed(path.parents), path) if not folder.exists()]


def _opened(lock: Path) -> int:
    """Open and lock the file. One that its holder has taken away meanwhile locks nothing, so it is opened anew."""
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise NotReady(f"{lock} cannot be written ({error.strerror}): choose another --data-dir") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                return handle
        except BlockingIOError:
            os.close(handle)
            raise NotReady(f"another server is using {lock.parent}: stop it or choose another --data-dir") from None
        except OSError as error:
            os.close(handle)
            raise NotReady(f"{lock} cannot be locked ({error.strerror}): choose another --data-dir") from None
        os.close(handle)


def _remove_lone(lock: Path) -> None:
    """Take the lock away if nothing else came to be; it is held until it is closed after this."""
    try:
        if [entry.name for entry in lock.parent.iterdir()] == [lock.name]:
            lock.unlink()
    except OSError as error:
        _log.warning("%s was left behind (%s)", lock, error.strerror)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # it holds what the server keeps, as it should
        return
