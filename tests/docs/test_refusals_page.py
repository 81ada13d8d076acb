"""Every refusal's code is explained, with the status that it has."""

import re

from strongroom.delivery.egress.refusals import STATUS
from tests.needs import ROOT


def test_every_code_is_explained_with_its_status() -> None:
    page = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \| \S", page, re.MULTILINE)
    assert rows == [(code.value, str(int(status))) for code, status in STATUS.items()]
