"""When an environment counts as ready, and when it is made anew."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.needs import ROOT


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_venv", ROOT / "scripts" / "build_venv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_venv = _load()


class Installs:
    """Stands in for pip: counts, and breaks down on request."""

    def __init__(self) -> None:
        self.times = 0
        self.broken = False

    def __call__(self, python: Path) -> None:
        self.times += 1
        (python.parent / "installed").touch()
        if self.broken:
            raise ConnectionError


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    path.write_text("thing==1\n")
    return path


def ensure(directory: Path, *locks: Path, install: Installs) -> bool:
    fingerprints = [build_venv.fingerprint(directory, lock, None) for lock in locks]
    made: bool = build_venv.ensure(directory, fingerprints, install)
    return made


def test_an_environment_is_made_once(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    assert ensure(tmp_path / "v", lock, install=install)
    assert not ensure(tmp_path / "v", lock, install=install)
    assert install.times == 1


def test_a_changed_lock_file_makes_it_anew_from_nothing(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    ensure(tmp_path / "v", lock, install=install)
    (tmp_path / "v" / "left-over").touch()
    lock.write_text("thing==2\n")
    assert ensure(tmp_path / "v", lock, install=install)
    assert not (tmp_path / "v" / "left-over").exists()


def test_one_that_was_cut_short_is_not_taken_as_ready(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    install.broken = True
    with pytest.raises(ConnectionError):
        ensure(tmp_path / "v", lock, install=install)
    install.broken = False
    assert ensure(tmp_path / "v", lock, install=install)


def test_one_that_was_moved_here_is_made_anew(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    ensure(tmp_path / "v", lock, install=install)
    (tmp_path / "v").rename(tmp_path / "w")
    assert ensure(tmp_path / "w", lock, install=install)


def test_one_whose_python_is_gone_is_made_anew(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    ensure(tmp_path / "v", lock, install=install)
    python = tmp_path / "v" / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "no-such-python")
    assert ensure(tmp_path / "v", lock, install=install)


def test_one_made_from_the_larger_lock_file_will_do(tmp_path: Path, lock: Path) -> None:
    install = Installs()
    larger = tmp_path / "larger.lock"
    larger.write_text("thing==1\nother==1\n")
    ensure(tmp_path / "v", larger, install=install)
    assert not ensure(tmp_path / "v", lock, larger, install=install)


def test_a_change_of_the_projects_metadata_counts_and_one_of_a_lint_rule_does_not(tmp_path: Path, lock: Path) -> None:
    project = tmp_path / "pyproject.toml"
    seen = []
    for text in ('[project]\nname = "a"\n', '[project]\nname = "a"\n[tool.x]\ny = 1\n', '[project]\nname = "b"\n'):
        project.write_text(text)
        seen.append(build_venv.fingerprint(tmp_path / "v", lock, project))
    assert seen[0] == seen[1] != seen[2]
