"""Starts that cannot be: one sentence that says what to do, and nothing is made."""

import os
import pty
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.shell import Shell

PASSPHRASE = "correct horse battery staple"
SERVE = ("serve", "--port", "0", "--proxy-port", "0")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(home=tmp_path)


@contextmanager
def terminal(shell: Shell, *words: str) -> Iterator[tuple[int, int]]:
    """Type a command at a terminal of its own; yield the process and the terminal."""
    argv = shell.argv(*words)
    child, screen = pty.fork()
    if child == 0:
        os.execve(argv[0], argv, shell.environment())  # noqa: S606 - a terminal of its own is the point
    try:
        yield child, screen
    finally:
        os.close(screen)


def read_until(screen: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        seen += os.read(screen, 1024)
    return seen


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_where_nobody_can_be_asked_for_the_passphrase_its_variable_is_named(shell: Shell) -> None:
    said = shell.fails(*SERVE, "--root-key", "passphrase:")
    assert "set STRONGROOM_ROOT_PASSPHRASE, or start from a terminal" in said
    assert list(shell.home.iterdir()) == []


def test_a_start_that_fails_late_leaves_nothing_behind_either(shell: Shell) -> None:
    said = shell.fails(*SERVE, "--data-dir", "new/deep", "--root-key", "file:/nowhere/root-key")
    assert "/nowhere/root-key cannot be written" in said
    assert list(shell.home.iterdir()) == []


def test_a_new_passphrase_is_asked_for_twice_and_not_shown_and_later_once(shell: Shell) -> None:
    shown = b""
    for prompts in (
        (b"New passphrase of the root key (not shown): ", b"The same again: "),
        (b"Passphrase of the root key (not shown): ",),
    ):
        with terminal(shell, *SERVE, "--root-key", "passphrase:") as (child, screen):
            for prompt in prompts:
                shown += read_until(screen, prompt)
                os.write(screen, PASSPHRASE.encode() + b"\n")
            shown += read_until(screen, b"Use it:")
            os.kill(child, signal.SIGTERM)
            assert ended(child) == 0
    assert PASSPHRASE.encode() not in shown
    assert (shell.home / ".strongroom" / "root-passphrase.json").exists()
    assert "start with --root-key passphrase:" in shell.fails(*SERVE)


@pytest.mark.parametrize(
    ("first", "second", "said"), [("a", "b", b"differ: nothing was made"), ("", None, b"must not be empty")]
)
def test_a_passphrase_that_was_mistyped_makes_nothing(
    shell: Shell, first: str, second: str | None, said: bytes
) -> None:
    with terminal(shell, *SERVE, "--root-key", "passphrase:") as (child, screen):
        read_until(screen, b"(not shown): ")
        os.write(screen, first.encode() + b"\n")
        if second is not None:
            read_until(screen, b"again: ")
            os.write(screen, second.encode() + b"\n")
        read_until(screen, said)
        assert ended(child) == 1
    assert list(shell.home.iterdir()) == []
