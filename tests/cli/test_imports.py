"""Secrets that lie somewhere already."""

from pathlib import Path

import pytest

from strongroom.cli.complaint import Complaint
from strongroom.cli.imports import of_netrc, of_variable
from strongroom.core.secret import Secret
from tests.cli.shell import Shell

NETRC = """
machine git.example.com login me password s3cret-of-git
machine empty.example.com login me
machine quoted.example.com
  login "me too"
  password "with a blank"
default login anonymous password of-nobody
"""


def written(tmp_path: Path, text: str = NETRC) -> dict[str, str]:
    file = tmp_path / "netrc"
    file.write_text(text)
    return {"NETRC": str(file)}


def test_a_variable_gives_its_value() -> None:
    assert of_variable("TOKEN", {"TOKEN": "v"}) == Secret("v")


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}, {"TOKEN": "\udcff"}])
def test_a_variable_that_holds_nothing_is_said(environ: dict[str, str]) -> None:
    with pytest.raises(Complaint, match="the variable TOKEN"):
        of_variable("TOKEN", environ)


def test_a_machine_of_a_netrc_file_gives_its_password(tmp_path: Path) -> None:
    assert of_netrc("git.example.com", written(tmp_path)) == Secret("s3cret-of-git")
    assert of_netrc("quoted.example.com", written(tmp_path)) == Secret("with a blank")


@pytest.mark.parametrize("host", ["other.example.com", "empty.example.com", "default", "GIT.example.com"])
def test_a_machine_without_a_password_of_its_own_is_said(tmp_path: Path, host: str) -> None:
    with pytest.raises(Complaint, match="has no password for the machine"):
        of_netrc(host, written(tmp_path))


def test_a_file_that_is_none_is_said_and_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="is not as a netrc file is written") as refused:
        of_netrc("git.example.com", written(tmp_path, "machine git.example.com s3cret-of-git"))
    assert "s3cret" not in str(refused.value)
    with pytest.raises(Complaint, match="cannot be read"):
        of_netrc("git.example.com", {"NETRC": str(tmp_path / "none")})
    (tmp_path / "bytes").write_bytes(b"machine a\xff")
    with pytest.raises(Complaint):
        of_netrc("git.example.com", {"NETRC": str(tmp_path / "bytes")})


def test_a_secret_is_stored_from_where_it_lies(shell: Shell, tmp_path: Path) -> None:
    home = shell.home / ".netrc"
    home.write_text(NETRC)
    home.chmod(0o600)
    vault = shell.json("vault", "create", "imports")["id"]
    add = ("credential", "add", "--vault", vault, "--host", "a.test")
    shell.gets(*add, "FROM_NETRC", "--from-netrc", "git.example.com")
    done = shell.types(*add, "FROM_ENV", "--from-env", "MINE", MINE="s3cret-of-mine")
    assert done.returncode == 0, done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    names = {row["auth"]["secret_name"] for row in shell.json("credential", "list", "--vault", vault)}
    assert names == {"FROM_NETRC", "FROM_ENV"}
    assert "MINE" in shell.fails(*add, "NONE", "--from-env", "MINE")
    both = shell.misuses(*add, "NONE", "--from-env", "MINE", "--value-stdin")
    assert "use one of --value-stdin and --value-file, --from-env and --from-netrc" in both
