"""What holds for every command, read off the commands themselves."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from strongroom.cli.app import app
from tests.cli.shell import Shell


def leaves(command: Any, *words: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own classes are private
    """The commands that do something, with the words that are typed for them."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), command
        return
    for name, each in inner.items():
        yield from leaves(each, *words, name)


COMMANDS = dict(leaves(typer.main.get_command(app)))
TELLING = re.compile(r"value|secret|token|password|api.?key|passphrase")
NO_JSON = {"run"}
"""`run` leaves standard output to the program that it runs."""


def test_the_commands_are_those_of_the_design() -> None:
    assert COMMANDS.keys() >= {
        "serve",
        "run",
        "doctor",
        *(f"vault {verb}" for verb in ("create", "list", "show", "archive", "delete")),
        *(f"environment {verb}" for verb in ("create", "list", "show")),
        *(f"credential {verb}" for verb in ("add", "list", "show", "rotate", "archive", "delete")),
        *(f"session {verb}" for verb in ("create", "list", "show", "end")),
        *(f"org {verb}" for verb in ("create", "list")),
        *(f"key {verb}" for verb in ("create", "list", "revoke")),
        *(f"audit {verb}" for verb in ("tail", "verify", "export")),
    }


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_says_what_it_does_with_an_example_and_speaks_json(words: str) -> None:
    command = COMMANDS[words]
    assert command.help
    assert f"strongroom {words}" in command.epilog
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--json" in options) == (words not in NO_JSON)


def test_no_command_takes_a_secret_as_an_argument() -> None:
    taking = {
        (words, option)
        for words, command in COMMANDS.items()
        for parameter in command.params
        for option in parameter.opts
        if TELLING.search(option) and not getattr(parameter, "is_flag", False)
    }
    assert taking == {("credential add", "--value-file"), ("credential rotate", "--value-file")}


def test_a_secret_that_is_typed_as_an_option_is_refused_and_not_repeated(lonely: Shell) -> None:
    for words in (("--value", "s3cret"), ("--value=s3cret",), ("--value-stdin=s3cret",)):
        assert "s3cret" not in lonely.misuses("credential", "add", "X", "--host", "a.test", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "No such command"),
        (("vault", "create"), "Missing argument"),
        (("vault", "create", "a", "--metadata", "k"), "KEY=VALUE"),
        (("credential", "add", "X"), "--unrestricted lets it go to every host"),
        (("credential", "add", "X", "--host", "a.test", "--unrestricted"), "either which hosts"),
        (("credential", "add", "X", "--host", "a.test", "--no-header", "--no-body"), "must go somewhere"),
        (("credential", "add", "X", "--host", "a.test", "--url", "https://a.test"), "say --host here"),
        (("credential", "add", "X", "--kind", "static_bearer"), "give --url"),
        (("credential", "add", "X", "--kind", "password", "--host", "a.test"), "--kind"),
        (("session", "create", "--expires-in", "soon"), "such as 8h"),
        (("session", "create", "--expires-in", "0h"), "such as 8h"),
        (("session", "create", "--shell", "--json"), "one of --shell and --json"),
        (("run",), "Missing argument"),
        (("audit", "tail", "-n", "0"), "-n"),
        (("serve", "--port", "70000"), "--port"),
    ],
)
def test_wrong_usage_is_explained_with_exit_code_2(lonely: Shell, words: tuple[str, ...], said: str) -> None:
    assert said in lonely.misuses(*words)


def test_commands_are_quick_because_they_load_no_server() -> None:
    heavy = ("fastapi", "sqlalchemy", "uvicorn", "uvloop", "cryptography", "aiohttp", "rich", "strongroom.wiring")
    program = f"import sys; import strongroom.cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_version_is_shown(lonely: Shell) -> None:
    assert lonely.gets("--version").startswith("strongroom 0.")
