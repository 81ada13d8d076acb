"""The data directory: private, held by one, and gone again if nothing came of it."""

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from strongroom import data_dir
from strongroom.core.failures import NotReady
from tests.needs import need_file

AS_NOBODY = """
import os, sys
from pathlib import Path
from strongroom import data_dir
from strongroom.core.failures import NotReady
if os.geteuid() == 0:
    os.setuid(65534)
try:
    data_dir.prepare(Path(sys.argv[1]))
except NotReady as refused:
    print(refused)
"""


def test_a_start_that_came_to_nothing_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    data_dir.prepare(folder)
    with data_dir.held(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_what_a_failed_start_found_stays_and_so_does_what_was_kept(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuntimeError), data_dir.held(tmp_path / "empty"):
        raise RuntimeError
    assert list((tmp_path / "empty").iterdir()) == []
    with data_dir.held(tmp_path / "kept"):
        (tmp_path / "kept" / "root-key").touch()
    assert {entry.name for entry in (tmp_path / "kept").iterdir()} == {"root-key", "lock"}


def test_one_server_holds_it_and_the_next_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with data_dir.held(folder):
        with pytest.raises(NotReady, match=f"another server is using {folder}"), data_dir.held(folder):
            pass
        assert folder.exists()
        (folder / "root-key").touch()
    with data_dir.held(folder):
        assert (folder / "lock").exists()


def test_a_directory_that_is_open_to_others_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o700)
    with caplog.at_level(logging.WARNING):
        data_dir.prepare(tmp_path)
        assert caplog.messages == []
        tmp_path.chmod(0o755)
        data_dir.prepare(tmp_path)
    assert caplog.messages == [f"the data directory {tmp_path} is open to other users (755): chmod 700 {tmp_path}"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("file", "is not a directory"),
        ("file/below", "is not in a directory"),
        ("x" * 300, r"cannot be used \(File name too long\)"),
    ],
)
def test_what_can_be_no_data_directory_is_one_sentence(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotReady, match=f"{said}: .*choose another --data-dir|{said}.*choose another --data-dir"):
        data_dir.prepare(tmp_path / place)


def test_a_directory_of_another_user_is_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        folder.chmod(0o000)
        for place in (folder, folder / "below"):
            done = subprocess.run(
                [sys.executable, "-c", AS_NOBODY, str(place)], capture_output=True, text=True, check=True
            )
            assert done.stdout.count("\n") == 1, done
            assert done.stdout.startswith(f"{place} ")
            assert "start as its owner or choose another --data-dir" in done.stdout
        folder.chmod(0o700)


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / ".ca.pem.new").symlink_to(need_file("/dev/full"))
    with pytest.raises(NotReady, match=r"ca\.pem cannot be written \(No space left on device\): make room"):
        data_dir.write(tmp_path / "ca.pem", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_written_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    data_dir.write(tmp_path / "ca.pem", "text")
    assert (tmp_path / "ca.pem").read_text() == "text"
    assert (tmp_path / "ca.pem").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["ca.pem"]
