"""Typing commands: each is a process of its own, in an environment made from scratch, and forked where it can be."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.stage import bare_environment
from tests.nursery.forking import forkable, nursery
from tests.nursery.order import Order


@dataclass
class Shell:
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def argv(self, *words: str) -> list[str]:
        """What is started, for tests of how it starts, of terminals and of signals."""
        return [sys.executable, "-m", "strongroom", *words]

    def environment(self, **more: str) -> dict[str, str]:
        return bare_environment(self.home, {**self.variables, **more})

    def types(self, *words: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        environment = self.environment(**variables)
        order = Order(words=list(words), variables=environment, folder=str(self.home))
        if forkable(order):
            return nursery().run(order, stdin=stdin, timeout=60)
        return subprocess.run(
            self.argv(*words), input=stdin, capture_output=True, text=True, env=environment, timeout=60, cwd=self.home
        )

    def gets(self, *words: str, stdin: str = "") -> str:
        """Run a command that must succeed; return what it says."""
        done = self.types(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - whatever the command answers
        """Run a command with `--json` that must succeed; its standard output is one JSON value and nothing else."""
        done = self.types(*words, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    def fails(self, *words: str, stdin: str = "", **variables: str) -> str:
        """Run a command that must fail; return its one sentence."""
        done = self.types(*words, stdin=stdin, **variables)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert done.stderr.startswith("strongroom: ")
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    def misuses(self, *words: str, **variables: str) -> str:
        """Run a command that is typed wrongly; return what it says to that."""
        done = self.types(*words, **variables)
        assert (done.returncode, done.stdout) == (2, ""), done
        return " ".join(done.stderr.split())
