"""What is said when the file of a KEK holder is missing: perhaps another holder's is there.

Each holder that keeps a file of its own in the data directory has a row; whoever starts with the
wrong `--root-key` is then told the right one, instead of to look for a file that never was.
"""

from pathlib import Path

from strongroom.core.failures import NotReady

OWN_FILES = {
    "file": "root-key",
    "passphrase": "root-passphrase.json",
}


def made_with(data_dir: Path) -> str | None:
    """Return the scheme whose file lies in the data directory, if it is one scheme's alone."""
    found = [scheme for scheme, name in OWN_FILES.items() if (data_dir / name).exists()]
    return found[0] if len(found) == 1 else None


def missing(scheme: str, path: Path, *, noun: str, data_dir: Path) -> NotReady:
    """Return the failure of a holder whose file is not there, for a database that exists."""
    other = made_with(data_dir)
    if other is not None and other != scheme:
        return NotReady(f"{data_dir} was made with another --root-key: start with --root-key {other}:")
    return NotReady(
        f"the {noun} {path} is missing: put it back, or start with the --root-key that {data_dir} was made with; "
        "nothing else opens this database"
    )
