"""Small files of the data directory that must exist exactly once and belong to us alone."""

import os
import stat
from pathlib import Path

from strongroom.core.failures import NotReady

OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAX_BYTES = 64 * 1024


def read_own(path: Path, *, noun: str) -> str | None:
    """Return a file's text, or None if there is none. Raises `NotReady` if others may use it."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise NotReady(f"the {noun} {path} can be read by others: chmod 600 {path}")
            return file.read(_MAX_BYTES).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReady(f"the {noun} {path} cannot be read ({error.strerror}): give this user access to it") from None


def write_new(path: Path, text: str, *, noun: str) -> None:
    """Write a file that must not exist yet, durably, for its owner alone. Raises `NotReady`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:  # a full disk, an interrupt: half a key would look like a damaged one
            path.unlink()
            raise
        _sync_directory(path.parent)
    except OSError as error:
        raise NotReady(
            f"the {noun} {path} cannot be written ({error.strerror}): make its directory writable for this user"
        ) from None


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
