"""What the page on MCP says of refusals is what the gateway says."""

import re

from strongroom.delivery.mcp.refusals import STATUS, Code
from tests.needs import ROOT

PAGE = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")


def test_every_code_of_the_gateway_is_explained_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \| \S", PAGE, re.MULTILINE))
    assert {code.value for code in Code} <= rows.keys()
    assert rows == {code: str(int(STATUS[code])) for code in rows}


def test_the_codes_that_it_shares_with_the_proxy_are_named() -> None:
    egress_only = {
        "authority_mismatch",
        "request_timeout",
        "signature_mismatch",
        "signature_not_supported",
        "upgrade_not_supported",
    }
    assert {code for code in STATUS if f"`{code}`" not in PAGE} == egress_only
