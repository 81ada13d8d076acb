"""Every client of `clients.toml`, unmodified: with `egress.env` and nothing else, and under `strongroom run`."""

import re
from itertools import zip_longest
from pathlib import Path

import pytest

from strongroom.core.client_variables import JAVA_OPTIONS, PROXY_VARIABLES
from tests.clients.commands import COMMANDS
from tests.clients.stage import Stage
from tests.clients.table import TRUST, Client, clients

ALL = clients()
ON_THEIR_OWN = [client for client in ALL if not client.built_on]
each = pytest.mark.parametrize("client", ALL, ids=lambda client: client.id)
each_on_its_own = pytest.mark.parametrize("client", ON_THEIR_OWN, ids=lambda client: client.id)


def test_the_clients_that_are_described_are_those_that_are_run() -> None:
    assert [client.id for client in ALL] == list(COMMANDS)
    assert {client.built_on for client in ALL} - {""} <= {client.id for client in ON_THEIR_OWN}


@each
@pytest.mark.parametrize("how", ["egress.env", "strongroom run"])
def test_it_works_and_sees_no_secret(stage: Stage, tmp_path: Path, client: Client, how: str) -> None:
    argv = COMMANDS[client.id](stage.place(tmp_path))
    done = stage.runs(argv, tmp_path, stage.variables) if how == "egress.env" else stage.types(argv, tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert stage.proved_with_a_secret(), said
    assert stage.is_free_of_secrets(said)
    assert stage.is_free_of_secrets(*(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()))
    if client.prints == "what was sent":
        assert "srp_" in done.stdout  # the upstream quoted the secret, and its placeholder came back
    else:
        assert client.prints in done.stdout


def test_the_program_as_it_is_installed_runs_a_client(stage: Stage, tmp_path: Path) -> None:
    done = stage.types(COMMANDS["curl"](stage.place(tmp_path)), tmp_path, forked=False)
    assert done.returncode == 0, done.stderr
    assert stage.proved_with_a_secret()
    assert "srp_" in done.stdout


@each_on_its_own
def test_without_its_certificates_it_trusts_nobody(stage: Stage, tmp_path: Path, client: Client) -> None:
    variables = {name: value for name, value in stage.variables.items() if name not in TRUST}
    if client.switch == JAVA_OPTIONS:  # the proxy is in the same variable; it stays
        variables[JAVA_OPTIONS] = re.sub(r"-Djavax\.net\.ssl\.\S+", "", stage.variables[JAVA_OPTIONS])
    done = stage.runs(COMMANDS[client.id](stage.place(tmp_path)), tmp_path, variables)
    assert done.returncode != 0, done.stdout
    assert not stage.services.seen


@each_on_its_own
def test_without_its_proxy_it_reaches_nothing(stage: Stage, tmp_path: Path, client: Client) -> None:
    variables = {name: value for name, value in stage.variables.items() if name not in PROXY_VARIABLES}
    done = stage.runs(COMMANDS[client.id](stage.place(tmp_path)), tmp_path, variables)
    assert done.returncode != 0, done.stdout
    assert not stage.services.seen


@pytest.mark.parametrize("client", [client for client in ALL if client.switch], ids=lambda client: client.id)
def test_without_its_switch_it_reaches_nothing(stage: Stage, tmp_path: Path, client: Client) -> None:
    variables = {name: value for name, value in stage.variables.items() if name != client.switch}
    done = stage.runs(COMMANDS[client.id](stage.place(tmp_path)), tmp_path, variables)
    assert done.returncode != 0, done.stdout
    assert not stage.services.seen


@each_on_its_own
def test_one_variable_for_the_proxy_and_one_for_certificates_are_enough(
    stage: Stage, tmp_path: Path, client: Client
) -> None:
    for at, (proxy, trust) in enumerate(zip_longest(client.proxy, client.trust)):
        folder = tmp_path / str(at)
        folder.mkdir()
        kept = {proxy or client.proxy[0], trust or client.trust[0], client.switch}
        unwanted = {*PROXY_VARIABLES, *TRUST} - kept
        variables = {name: value for name, value in stage.variables.items() if name not in unwanted}
        done = stage.runs(COMMANDS[client.id](stage.place(folder)), folder, variables)
        assert done.returncode == 0, (kept, done.stderr)
        assert stage.proved_with_a_secret(), kept
