import os
from pathlib import Path

import pytest

from strongroom.core.failures import NotReady
from strongroom.custody.kek.files import read_own, write_new


def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_new(path, "first", noun="key file")
    with pytest.raises(NotReady, match=r"the key file .* cannot be written"):
        write_new(path, "second", noun="key file")
    assert read_own(path, noun="key file") == "first"


def test_it_is_for_its_owner_alone_from_the_first_moment_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_new(tmp_path / "key", "text", noun="key file")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_no_half_file_behind(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(UnicodeEncodeError):
        write_new(path, "é", noun="key file")
    assert not path.exists()


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_own(tmp_path / "key", noun="key file") is None
