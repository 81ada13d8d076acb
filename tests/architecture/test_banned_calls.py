"""Clock, randomness and loose tasks come from `edge.py` alone: the lint rule that says so really fires."""

import json
import subprocess
import sys
import tomllib

from tests.architecture.source import ROOT

LINT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
BANNED = frozenset(LINT["flake8-tidy-imports"]["banned-api"])


def banned_in(path: str) -> set[str]:
    """Run the linter on a file that uses every banned thing, as if it stood at `path`; return those it objects to."""
    roots = sorted({name.split(".")[0] for name in BANNED})
    source = "".join(f"import {root}\n" for root in roots) + "".join(f"print({name})\n" for name in sorted(BANNED))
    options = ["--select=TID251", "--output-format=json", "--stdin-filename", path]
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, "-"],
        input=source,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return {found["message"].split("`")[1] for found in json.loads(ran.stdout)}


def test_each_banned_thing_is_found_in_the_product() -> None:
    assert banned_in("src/strongroom/services/sample.py") == BANNED


def test_the_edge_may_use_them() -> None:
    assert banned_in("src/strongroom/edge.py") == set()


def test_the_list_bans_what_the_house_rules_name() -> None:
    assert {
        "asyncio.create_task",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "os.urandom",
        "random",
        "secrets",
        "time.time",
        "uuid.uuid4",
    } <= BANNED
