"""The page on browser agents: every code is explained with its status, and its picture is there and small."""

import re

from strongroom.dialects.native.conventions import FILL_STATUSES
from tests.needs import ROOT

PAGE = (ROOT / "docs" / "browser-agents.md").read_text(encoding="utf-8")
MOST_BYTES = 100_000


def test_every_code_is_explained_with_its_status() -> None:
    rows = re.findall(r"^\| `(fill_[a-z_]+)` \| (\d{3}) \| \S", PAGE, re.MULTILINE)
    assert rows == [(why.value, str(status)) for why, status in FILL_STATUSES.items()]


def test_its_picture_is_one_and_no_burden() -> None:
    (path,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    picture = (ROOT / "docs" / path).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) < MOST_BYTES
