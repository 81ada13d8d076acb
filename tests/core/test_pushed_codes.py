import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.pushed_codes import CodeKind, compared_identifier, found_in, stored_identifier

TOTP, LINK = CodeKind.TOTP, CodeKind.MAGIC_LINK


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("123456", "123456"),
        ("  A1-b2 ", "A1-b2"),
        ("", ""),
        ("   \n", ""),
        ("1234567890", "1234567890"),
        ("Your code is 123456", "123456"),
        ("123456 is your code. Do not share 123456 with anyone.", "123456"),
        ("G-123456 is your Google verification code.", "123456"),
        ("Use 123-456 to sign in to Example", "123456"),
        ("Use 1234 5678 to sign in to Example", "12345678"),
        ("Your code is 123456 and is good for 10 minutes", "123456"),
        ("Dear customer, on 27.11.2026 you asked for the code 482913. Order 99887766", "482913"),
        ("Order 99887766 was placed. Your one-time passcode: 4821", "4821"),
        ("Your verification code is: AB12CD (valid for ten minutes)", "AB12CD"),
        ("Sign in at https://example.com/o/998877?x=665544 with 1234567", "1234567"),
        (
            "Your code is:\n\n 938271\n\nThis code is good for 15 minutes.\n1600 Main Street, Springfield 94043",
            "938271",
        ),
        ("Here is your code for Example. 482913 (ticket 99887766)", "482913"),
        ("Use 654321 to sign in. Questions? Call 1-800-555-0199.", "654321"),
        ("On 2026-11-27 10:03 you asked for it: 9912", "9912"),
        ("PIN\n\n9 9 9 4711 thank you very much", "4711"),
    ],
)
def test_a_code_is_found(content: str, code: str) -> None:
    assert found_in(content) == (code, TOTP)


@pytest.mark.parametrize(
    ("content", "link"),
    [
        ("https://example.com/magic?token=abc", "https://example.com/magic?token=abc"),
        (" https://example.com/magic?token=abc.\n", "https://example.com/magic?token=abc"),
        ("HTTPS://example.com/a)", "HTTPS://example.com/a"),
        ("http://a.b", "http://a.b"),
    ],
)
def test_a_link_alone_is_a_link_to_click(content: str, link: str) -> None:
    assert found_in(content) == (link, LINK)


@pytest.mark.parametrize(
    "content",
    [
        "Thank you for signing up with us. There is nothing to do.",
        "Click here: https://example.com/magic?token=123456 to sign in",
        "Call 555123 or 555124 for help with your account",
        "Your code is 123456 or, on another device, your code is 654321",
        "Card 1234-5678-9012-3456 was charged",
        "Call 1-800-555-0199 for help with it",
        "Your order of 2026-11-27 was shipped",
        "You paid $1234.50 to a shop today",
        "promo code SAVE20, and the pin is A1B2C3",
        "the code of conduct was changed for everybody",
        "a number far too long: 123456789012",
    ],
)
def test_nothing_is_guessed(content: str) -> None:
    assert found_in(content) is None


def test_a_code_is_looked_for_near_the_word_for_it_only_and_is_never_cut_short() -> None:
    others = "555123 555124 "
    assert found_in(f"{others} your code is {' ' * 30} 123456") == ("123456", TOTP)
    assert found_in(f"{others} your code is {' ' * 60} 123456") is None
    assert found_in(f"{others} code{' ' * 35}1234567890123456") is None


@given(st.text())
def test_any_text_is_read_and_a_code_stands_in_it(content: str) -> None:
    found = found_in(content)
    if found is not None:
        code, _ = found
        assert set(code) <= set(content)


def test_a_very_long_message_is_read_in_no_time() -> None:
    for content in ("1 " * 60_000, "code " * 50_000, "1-" * 120_000, "a1" * 120_000, "https://" * 30_000):
        found_in(content)


@pytest.mark.parametrize(
    ("text", "stored", "compared"),
    [
        (" User@E.co ", "user@e.co", "user@e.co"),
        ("Handle ", "Handle ", "Handle "),
        ("+1 (555) 010-9999", "+1 (555) 010-9999", "15550109999"),
        ("15550109999", "15550109999", "15550109999"),
        ("", "", ""),
    ],
)
def test_whom_a_code_is_for(text: str, stored: str, compared: str) -> None:
    assert stored_identifier(text) == stored
    assert compared_identifier(text) == compared
