"""The small scripts behind the Makefile, with the programs they look for made up."""

import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT

OLD = "#!/bin/sh\nexit 1\n"
# Answers the version check, and fails the import of what makes virtual environments.
NO_VENV = '#!/bin/sh\ncase "$2" in *version_info*) exit 0 ;; *) exit 1 ;; esac\n'
GOOD = "#!/bin/sh\nexit 0\n"


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def run(*command: str | Path, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", *map(str, command)], capture_output=True, text=True, env={"PATH": str(path), **variables}
    )


def test_the_usual_python_is_taken_when_it_is_new_enough(tmp_path: Path) -> None:
    program(tmp_path, "python3.12", GOOD)
    expected = program(tmp_path, "python3", GOOD)
    assert run(ROOT / "scripts/python", path=tmp_path).stdout == f"{expected}\n"


def test_another_is_taken_when_the_usual_one_is_too_old(tmp_path: Path) -> None:
    program(tmp_path, "python3", OLD)
    expected = program(tmp_path, "python3.12", GOOD)
    assert run(ROOT / "scripts/python", path=tmp_path).stdout == f"{expected}\n"


def test_the_named_python_is_taken(tmp_path: Path) -> None:
    program(tmp_path, "python3", GOOD)
    expected = program(tmp_path, "mine", GOOD)
    assert run(ROOT / "scripts/python", path=tmp_path, PYTHON="mine").stdout == f"{expected}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [(OLD, "needs Python 3.11 or newer"), (NO_VENV, "python3 cannot make virtual environments")],
)
def test_without_a_suitable_python_one_sentence_says_what_to_do(tmp_path: Path, text: str, says: str) -> None:
    program(tmp_path, "python3", text)
    ran = run(ROOT / "scripts/python", path=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert says in ran.stderr
    assert "apt install" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    path = tmp_path / "packages.txt"
    path.write_text("# what\n\nshell /bin/sh\nno-such-thing no-such-command\n")
    return path


def usual(folder: Path, user: str) -> Path:
    """A folder with the programs that the script uses, for this user id."""
    program(folder, "id", f"#!/bin/sh\necho {user}\n")
    for name in ("dirname", "mkdir"):
        (folder / name).symlink_to(next(p for p in (Path("/usr/bin", name), Path("/bin", name)) if p.exists()))
    return folder


def test_an_ordinary_user_is_told_what_is_missing_and_nothing_is_changed(tmp_path: Path, packages: Path) -> None:
    programs = usual(tmp_path / "bin", "1000")
    program(programs, "apt-get", f"#!/bin/sh\necho called >{tmp_path}/apt\n")
    note = tmp_path / "notes" / "missing"
    ran = run(ROOT / "scripts/system-packages", packages, path=programs, STRONGROOM_MISSING=str(note))
    assert ran.returncode == 0
    assert "no-such-thing" in ran.stderr
    assert note.read_text() == "no-such-thing"
    assert not (tmp_path / "apt").exists()


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="packages are installed on Debian and Ubuntu only")
def test_root_on_debian_installs_what_is_missing(tmp_path: Path, packages: Path) -> None:
    programs = usual(tmp_path / "bin", "0")
    program(
        programs,
        "apt-get",
        f'#!/bin/sh\necho "$*" >>{tmp_path}/apt\n'
        f'case "$*" in *no-such-thing*) printf "#!/bin/sh\\n" >{programs}/no-such-command\n'
        f"/bin/chmod 755 {programs}/no-such-command ;; esac\n",
    )
    note = tmp_path / "missing"
    ran = run(ROOT / "scripts/system-packages", packages, path=programs, STRONGROOM_MISSING=str(note))
    assert (tmp_path / "apt").read_text().splitlines() == [
        "update -qq",
        "install -qq -y --no-install-recommends no-such-thing",
    ]
    assert ran.returncode == 0
    assert note.read_text() == ""


def test_nothing_is_fetched_when_nothing_is_missing(tmp_path: Path, packages: Path) -> None:
    packages.write_text("shell /bin/sh\n")
    programs = usual(tmp_path / "bin", "0")
    program(programs, "apt-get", f"#!/bin/sh\necho called >{tmp_path}/apt\n")
    assert run(ROOT / "scripts/system-packages", packages, path=programs).stderr == ""
    assert not (tmp_path / "apt").exists()
