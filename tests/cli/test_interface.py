"""What holds for every command, read off the commands themselves."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

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
        *(f"session {verb}" for verb in ("create", "list", "show", "end", "fill-token")),
        *(f"org {verb}" for verb in ("create", "list")),
        *(f"key {verb}" for verb in ("create", "list", "revoke")),
        *(f"provider-token {verb}" for verb in ("create", "list", "revoke")),
        *(f"webhook {verb}" for verb in ("create", "list", "show", "test", "deliveries", "rotate", "enable", "delete")),
        *(f"llm {verb}" for verb in ("add", "enable", "list", "test", "rotate", "usage", "limit")),
        *(f"llm key {verb}" for verb in ("create", "list", "disable", "revoke")),
        *(f"audit {verb}" for verb in ("tail", "verify", "export")),
    }


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_says_what_it_does_with_an_example_and_speaks_json(words: str) -> None:
    command = COMMANDS[words]
    assert command.help
    assert f"strongroom {words}" in command.epilog
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--json" in options) == (words not in NO_JSON)


def test_no_path_is_judged_by_the_parser_of_options() -> None:
    root = typer.main.get_command(app)
    paths = [
        (words, parameter.name, parameter.type_descriptor.parameter_info)
        for words, command in {**COMMANDS, "": root}.items()
        for parameter in command.params
        if getattr(parameter.type_descriptor, "annotation", None) is Path
    ]
    assert len(paths) >= 5
    # It would answer with its own words and with the help; who opens the file says what to do.
    assert [(words, name) for words, name, path in paths if path.readable or path.exists or path.writable] == []


def test_lists_of_commands_show_whole_sentences_and_arguments_have_names(lonely: Shell) -> None:
    groups = {words.split()[0] for words in COMMANDS if " " in words}
    for group in [(), *((group,) for group in sorted(groups))]:
        listed = lonely.gets(*group, "--help").split("Commands:")[1].split("Example")[0]
        assert "..." not in listed, listed
    for words in COMMANDS:  # in this process: one for each command would take longer than all else here
        said = CliRunner().invoke(app, [*words.split(), "--help"]).stdout
        assert "]]" not in said.splitlines()[0], said
        assert not re.search(r"--[a-z-]+ <(?![a-z_]+\|)", said), said  # a list of choices names itself


def test_no_command_takes_a_secret_as_an_argument() -> None:
    taking = {
        (words, option)
        for words, command in COMMANDS.items()
        for parameter in command.params
        for option in parameter.opts
        if TELLING.search(option) and not getattr(parameter, "is_flag", False)
    }
    assert taking == {
        (f"{noun} {verb}", "--value-file") for noun in ("credential", "llm") for verb in ("add", "rotate")
    }


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
        (("credential", "add", "X", "--kind", "carrier_pigeon", "--host", "a.test"), "--kind"),
        (("session", "create", "--expires-in", "soon"), "such as 8h"),
        (("session", "create", "--expires-in", "0h"), "such as 8h"),
        (("session", "create", "--allow-tool", "search"), "SERVER=TOOL"),
        (("session", "create", "--allow-tool", "=search"), "SERVER=TOOL"),
        (("session", "create", "--shell", "--json"), "one of --shell and --json"),
        (("webhook", "rotate", "whk_1", "--overlap", "soon"), "--overlap"),
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


def test_the_help_of_run_says_whose_standard_output_is(lonely: Shell) -> None:
    said = " ".join(lonely.gets("run", "--help").split())
    assert "Standard output is the program's alone, so there is no --json" in said
