import re
from pathlib import Path

from strongroom.delivery.llm.refusals import TABLE, Code

PAGE = Path(__file__).parents[2] / "docs" / "llm-gateway.md"


def test_the_page_names_every_code_with_its_status() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(told) == {code.value for code in Code} == {code.value for code in TABLE}
    for code, row in TABLE.items():
        other = "" if row.to_anthropic is None else f" ({row.to_anthropic} in Anthropic's dialect)"
        assert told[code.value] == f"{row.status}{other}"
