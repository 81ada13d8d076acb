"""`strongroom doctor`: everything that is usually wrong, each with what to do."""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strongroom.cli.checks import Level, certificate, data_directory
from tests.cli.shell import Shell
from tests.e2e.stage import House


def proxy_port(house: House) -> str:
    return house.proxy.rpartition(":")[2]


def levels(shell: Shell, *words: str) -> tuple[int, dict[str, str]]:
    done = shell.types("doctor", "--json", *words)
    assert done.stderr == ""
    return done.returncode, {found["check"]: found["level"] for found in json.loads(done.stdout)}


def test_a_healthy_house_is_well_and_says_itself_where_its_proxy_is(shell: Shell) -> None:
    code, found = levels(shell)
    assert set(found.values()) == {"ok"}
    assert code == 0
    assert found.keys() == {
        "data directory",
        "root key",
        "admin key",
        "certificate authority",
        "server",
        "ready",
        "clock",
        "key",
        "proxy",
    }


def test_a_proxy_that_is_none_is_bad(shell: Shell, house: House) -> None:
    code, found = levels(shell, "--proxy-port", house.api.rpartition(":")[2])
    assert (code, found["proxy"]) == (1, "bad")


def test_a_wrong_key_is_bad(shell: Shell, house: House) -> None:
    wrong = Shell(home=shell.home, variables={**shell.variables, "STRONGROOM_API_KEY": "srk_wrong"})
    code, found = levels(wrong, "--proxy-port", proxy_port(house))
    assert (code, found["key"], found["server"]) == (1, "bad", "ok")


def test_without_a_server_it_looks_whether_one_could_start(tmp_path: Path) -> None:
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        free.bind(("127.0.0.1", 0))
        taken.listen()
        busy, idle = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        refusing = Shell(home=tmp_path, variables={"STRONGROOM_URL": f"http://127.0.0.1:{idle}"})
        code, found = levels(refusing, "--proxy-port", str(busy))
    assert code == 1
    assert (found["server"], found[f"port {idle}"], found[f"port {busy}"]) == ("bad", "ok", "bad")
    assert found["data directory"] == "warn"


@pytest.mark.parametrize(
    ("path", "check"), [(".", "data directory"), ("root-key", "root key"), ("admin-key", "admin key")]
)
def test_what_others_can_read_is_bad_and_the_cure_is_named(tmp_path: Path, path: str, check: str) -> None:
    home = tmp_path / "data"
    home.mkdir(0o700)
    for name in ("root-key", "admin-key"):
        (home / name).touch(0o600)
    assert {found.level for found in data_directory(home)} == {Level.OK}
    (home / path).chmod(0o755)
    (bad,) = [found for found in data_directory(home) if found.level is Level.BAD]
    assert bad.check == check
    assert bad.advice.startswith("chmod ")


def test_a_missing_root_key_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert Level.WARN in {found.level for found in data_directory(tmp_path)}


def test_a_passphrase_instead_of_a_root_key_is_well(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    salt = tmp_path / "root-passphrase.json"
    salt.touch(0o600)
    assert {found.level for found in data_directory(tmp_path)} == {Level.OK}
    salt.chmod(0o644)
    assert Level.BAD in {found.level for found in data_directory(tmp_path)}


def test_a_directory_that_cannot_be_looked_into_is_bad_and_no_traceback(tmp_path: Path) -> None:
    (found,) = data_directory(tmp_path / ("x" * 300))
    assert (found.check, found.level) == ("data directory", Level.BAD)
    assert "cannot be looked into" in found.seen


def test_the_certificate_is_judged_by_the_clock(house: House) -> None:
    now = datetime.now(UTC)
    for moment, level in (
        (now, Level.OK),
        (now - timedelta(days=400), Level.BAD),
        (now + timedelta(days=40 * 365), Level.BAD),
    ):
        assert [found.level for found in certificate(house.data_dir, moment)] == [level]


def test_a_certificate_that_is_none_is_bad(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    assert [found.level for found in certificate(tmp_path, datetime.now(UTC))] == [Level.BAD]
    (tmp_path / "ca.pem").unlink()
    assert list(certificate(tmp_path, datetime.now(UTC))) == []


def test_people_read_what_to_do(lonely: Shell) -> None:
    done = lonely.types("doctor")
    assert done.returncode == 1
    assert "`strongroom serve` starts one" in done.stdout
