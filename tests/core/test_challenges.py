"""What a server says in WWW-Authenticate, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.challenges import Challenge, bearer_challenge

PLACE = "https://mcp.test/.well-known/oauth-protected-resource/mcp"


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (f'Bearer resource_metadata="{PLACE}"', Challenge(PLACE)),
        (f'bearer error="invalid_token", resource_metadata="{PLACE}"', Challenge(PLACE, None, "invalid_token")),
        (
            f'BEARER realm="a, b", scope="files:read files:write",resource_metadata = "{PLACE}"',
            Challenge(PLACE, "files:read files:write"),
        ),
        (f"Bearer resource_metadata={PLACE}", Challenge(PLACE)),
        (f'Basic realm="x", Bearer resource_metadata="{PLACE}", scope="a"', Challenge(PLACE, "a")),
        (f'Negotiate YWJj=, Bearer realm="r", resource_metadata="{PLACE}"', Challenge(PLACE)),
        (f'Bearer scope="first", Bearer resource_metadata="{PLACE}"', Challenge(PLACE)),
        ("Bearer", Challenge()),
        ('Bearer realm="say \\"resource_metadata=https://evil.test\\""', Challenge()),
        ('Bearer scope="a", scope="b"', Challenge(None, "a")),
        ('Bearer realm="open, resource_metadata=https://evil.test', Challenge()),
        (f'Digest resource_metadata="https://evil.test", Bearer resource_metadata="{PLACE}"', Challenge(PLACE)),
    ],
)
def test_a_bearer_challenge_is_read_with_its_own_parameters(header: str, challenge: Challenge) -> None:
    assert bearer_challenge(header) == challenge


@pytest.mark.parametrize("header", [None, "", "Basic realm=x", 'Digest nonce="Bearer"', 'Xbearer scope="a"', ",,,"])
def test_without_a_bearer_challenge_there_is_none(header: str | None) -> None:
    assert bearer_challenge(header) is None


@given(st.text(max_size=200))
def test_any_line_is_read_or_passed_over(line: str) -> None:
    bearer_challenge(line)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40))
def test_a_quoted_value_comes_back_whatever_it_holds(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert bearer_challenge(f'Basic realm="{quoted}", Bearer scope="{quoted}", error="e"') == Challenge(
        None, value, "e"
    )
