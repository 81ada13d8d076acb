"""Every setting is explained, on one page or on that of the limits, and no page explains one that there is not."""

import re

from strongroom.settings import PREFIX, Settings
from tests.needs import ROOT

PAGES = ("settings.md", "limits.md")
NOT_THE_SERVERS = {"STRONGROOM_URL", "STRONGROOM_API_KEY"}


def explained() -> list[str]:
    rows = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES]
    return re.findall(rf"^\|.*?`({PREFIX}[A-Z_]+)`", "\n".join(rows), re.MULTILINE)


def test_every_setting_is_explained_once() -> None:
    assert sorted(explained()) == sorted(PREFIX + name.upper() for name in Settings.model_fields)


def test_no_page_names_a_variable_that_there_is_not() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_THE_SERVERS
    for page in sorted((ROOT / "docs").rglob("*.md")):
        named = set(re.findall(rf"`({PREFIX}[A-Z_]+)`", page.read_text(encoding="utf-8")))
        assert named <= known, page.name
