"""Make a virtual environment from a lock file, unless it is already there and up to date.

An environment is ready when its stamp says what it would be made from now: the bytes of the lock file, the project's
metadata, the Python version, and the place (its programs name it). The stamp is written last, so an environment whose
making was cut short is never taken as ready; it is removed and made again. Two that ask at once wait for each other.

Standard library only, and no other file of ours: this runs before anything is installed.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

STAMP = "made-from"
PROJECT = Path("pyproject.toml")

Install = Callable[[Path], None]
"""Fills a fresh environment, given its interpreter."""


def fingerprint(directory: Path, lock: Path, project: Path | None) -> str:
    """Say what an environment at `directory` would be made from."""
    metadata = tomllib.loads(project.read_text(encoding="utf-8")) if project else {}
    parts = [
        str(directory.absolute()),
        "{}.{}".format(*sys.version_info[:2]),
        hashlib.sha256(lock.read_bytes()).hexdigest(),
        # Not the whole file: a change of a lint rule is no reason to install anything.
        json.dumps([metadata.get("build-system"), metadata.get("project")], sort_keys=True),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_ready(directory: Path, fingerprints: Sequence[str]) -> bool:
    """Tell whether a finished environment is there, made from one of these, and its interpreter still exists."""
    stamp = directory / STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="utf-8") in fingerprints
        and (directory / "bin" / "python").exists()  # false for a link to an interpreter that was removed
    )


def ensure(directory: Path, fingerprints: Sequence[str], install: Install) -> bool:
    """Make the environment unless it is ready; the first fingerprint is the one to make. Tell whether it was made."""
    with directory.with_name(f"{directory.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if is_ready(directory, fingerprints):
            return False
        if directory.exists():
            shutil.rmtree(directory)
        venv.EnvBuilder(symlinks=True).create(directory)
        install(directory / "bin" / "python")
        (directory / STAMP).write_text(fingerprints[0], encoding="utf-8")
        return True


def pip_install(lock: Path, *, editable: bool) -> Install:
    """Install what the lock file pins, every file checked against its hash, and then perhaps this project itself."""

    def pip(python: Path, *arguments: str) -> None:
        # -I: neither PYTHONPATH nor a user's site directory takes part. The variable: what has no wheel is built in the
        # standard way by every pip; as an option, a pip that knows no other way would refuse it.
        quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
        variables = {**os.environ, "PIP_USE_PEP517": "1"}
        subprocess.run([python, "-I", "-m", "pip", "install", *quiet, *arguments], check=True, env=variables)

    def install(python: Path) -> None:
        subprocess.run([python, "-I", "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
        # A lock file is whole. With --no-deps pip takes it as it stands, and looks for no `name[extra]` that a package
        # in it asks for: it would take a release for that which came out after the file was written.
        pip(python, "--no-deps", "--require-hashes", "--requirement", str(lock))
        check = [python, "-I", "-m", "pip", "--disable-pip-version-check", "check"]
        subprocess.run(check, check=True, stdout=sys.stderr)  # and whole it is: nothing that anything needs is missing
        if editable:
            pip(python, "--no-deps", "--no-build-isolation", "--editable", ".")

    return install


def main() -> int:
    """Run the command line; the answer is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("directory", type=Path)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--or", dest="superset", type=Path, metavar="LOCK", help="an environment from this will do too")
    parser.add_argument("--editable", action="store_true", help="install this project into it as well")
    asked = parser.parse_args()

    project = PROJECT if asked.editable else None
    locks = [asked.lock, *([asked.superset] if asked.superset else [])]
    fingerprints = [fingerprint(asked.directory, lock, project) for lock in locks]
    if not is_ready(asked.directory, fingerprints):
        print(f"making {asked.directory} from {asked.lock} ...", file=sys.stderr, flush=True)
    try:
        ensure(asked.directory, fingerprints, pip_install(asked.lock, editable=asked.editable))
    except subprocess.CalledProcessError as failed:
        print(f"{asked.directory} could not be made; the lines above say why.", file=sys.stderr)
        return failed.returncode
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
