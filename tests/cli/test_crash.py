"""A mistake of ours is one sentence with its kind and place; its own words may quote a secret."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.stage import bare_environment
from tests.needs import need_file

CRASHING = """
import sys
from strongroom.cli import app

@app.app.command("crash")
def crash() -> None:
    sentinel = "s3ntinel"
    try:
        {sentinel: 1}["other " + sentinel]
    except KeyError as error:
        raise RuntimeError(f"quotes {sentinel}") from error

sys.argv = ["strongroom", "crash"]
app.run()
"""


def crash(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CRASHING], capture_output=True, text=True, env=bare_environment(home, variables)
    )


def test_a_mistake_of_ours_is_one_sentence_without_its_words(tmp_path: Path) -> None:
    done = crash(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("strongroom: this is a mistake in Strongroom itself (RuntimeError at <string>:")
    assert "please report it" in done.stderr
    assert "s3ntinel" not in done.stderr


def test_the_calls_are_shown_when_they_are_asked_for_and_no_values(tmp_path: Path) -> None:
    done = crash(tmp_path, STRONGROOM_DEBUG="1")
    assert done.returncode == 1
    assert "in crash" in done.stderr
    assert "s3ntinel" not in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_an_answer_that_cannot_be_written_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    with need_file("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "strongroom", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=bare_environment(tmp_path),
        )
    assert done.returncode == 1
    assert (
        done.stderr == "strongroom: something could not be written (No space left on device): make room and try again\n"
    )
