"""A repository of git's with one commit, for clients to clone."""

import os
import subprocess
from pathlib import Path

from tests.needs import need

CONTENT = "what was ordered\n"


def make_repository(folder: Path) -> Path:
    """Make `parcel.git` in a folder, whose main branch holds one file."""
    bare, work = folder / "parcel.git", folder / "work"
    work.mkdir(parents=True)
    (work / "content").write_text(CONTENT)
    git(folder, "init", "-q", "--bare", "-b", "main", str(bare))
    git(bare, "config", "http.receivepack", "true")
    git(work, "init", "-q", "-b", "main")
    git(work, "add", "content")
    git(work, "commit", "-q", "-m", "The first")
    git(work, "push", "-q", str(bare), "main")
    return bare


def git(folder: Path, *words: str) -> str:
    """Run git itself, with a name for its commits and no settings of the machine's."""
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.test", "GIT_COMMITTER_NAME": "A"}
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder), "PATH": os.environ["PATH"], **who}
    variables = {**settings, "GIT_COMMITTER_EMAIL": "a@example.test"}
    done = subprocess.run([need("git"), *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
