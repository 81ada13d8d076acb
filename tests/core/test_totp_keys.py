"""Keys of one-time codes, by the table of contract skyvern-credentials 8.3 and its cases 38 to 46."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.failures import Invalid
from strongroom.core.secret import Secret
from strongroom.core.totp_keys import INVALID, REQUIRED, TotpAlgorithm, TotpKey, normalized, parsed

S32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
URI = f"otpauth://totp/Bank:me@example.com?secret={S32}&issuer=Other&digits=8&period=60&algorithm=SHA256"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (S32, S32),
        ("JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP"),
        ("gezd gnbv-gy3tqojqgezdgnbvgy3tqojq", S32.lower()),
        (" GEZD\tGNBV\nGY3TQOJQ-GEZDGNBVGY3TQOJQ ", S32),
        ("GE======", "GE"),
        ("MFRGGZDF MZTWQ===", "MFRGGZDFMZTWQ"),
        (URI, URI),
        (f" {URI[:20]} {URI[20:]}\n", URI),
        (URI.replace("otpauth", "OTPAUTH"), URI.replace("otpauth", "OTPAUTH")),
        (quote(URI, safe=""), URI),
        (quote(URI), URI),
        (f"Your key: secret={S32}.", S32),
        (f"secret={S32.lower()} and keep it safe", S32.lower()),
        (f"https://chart.example/?chl=x&secret={S32}&issuer=x", S32),
        (f"https://chart.example/?chl={quote(URI, safe='')}", S32),
        (f"key '{S32}' is in secret={S32}, see there", S32),
        ("secret=gezd gnbv gy3t qojq", "gezdgnbvgy3tqojq"),  # half of it would be a key as well
        ("Your key:\nsecret=GEZD-GNBV GY3T-QOJ", "GEZDGNBVGY3TQOJ"),
        ("https://bank.example/?secret=GEZD%20GNBV%20GY3T%20QOJQ&issuer=x", "GEZDGNBVGY3TQOJQ"),
        ("https://bank.example/?secret=GEZD+GNBV+GY3T", "GEZDGNBVGY3T"),
    ],
)
def test_every_form_in_which_keys_are_handed_out_is_accepted(text: str, stored: str) -> None:
    assert normalized(Secret(text)) == Secret(stored)


def test_what_was_stored_is_normal_already() -> None:
    for text in (S32, URI, quote(URI), f"secret={S32}"):
        once = normalized(Secret(text))
        assert normalized(once) == once


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (S32.lower(), TotpKey(secret=Secret(S32))),
        (
            URI,
            TotpKey(secret=Secret(S32), algorithm=TotpAlgorithm.SHA256, digits=8, period=60),
        ),
        (
            f"otpauth://totp/x?secret={S32}&algorithm=sha512&digits=7",
            TotpKey(secret=Secret(S32), algorithm=TotpAlgorithm.SHA512, digits=7),
        ),
        (f"otpauth://totp/?SECRET={S32.lower()}&Period=015", TotpKey(secret=Secret(S32), period=15)),
        (f"otpauth://totp/x?secret={S32}&image=y&", TotpKey(secret=Secret(S32))),
    ],
)
def test_parameters_of_a_uri_are_honoured(text: str, key: TotpKey) -> None:
    assert parsed(Secret(text)) == key


@pytest.mark.parametrize(
    "text",
    [
        "!!!",
        "1890",
        "A",
        "ABC",
        "ABCDEF",
        "=",
        "A=B",
        "JBSWY3DP=EHPK3PXP",
        "JBSWY3DPEHPK3PXP\u00c4",
        "\u017f" * 16,  # a letter whose upper case is S
        f"otpauth://hotp/x?secret={S32}&counter=1",
        f"otpauth%3A%2F%2Fhotp%2Fx%3Fsecret%3D{S32}",
        f"see otpauth://hotp/x?secret={S32}",
        "secret=GEZDGNBV0",
        "secret=GEZDGNBV1&x=y",
        "secret=GEZD_GNBV",
        "secret=GEZD GNBV and keep it",
        "secret=GEZD GNBVGY3T",
        "otpauth://totp/x",
        "otpauth://totp/x?issuer=y",
        "otpauth://totp/x?secret=",
        "otpauth://totp/x?secret=!!!",
        f"otpauth://[totp/x?secret={S32}",
        f"otpauth://totp/x?secret={S32}&secret={S32}",
        f"otpauth://totp/x?secret={S32}&digits=5",
        f"otpauth://totp/x?secret={S32}&digits=9",
        f"otpauth://totp/x?secret={S32}&digits=",
        f"otpauth://totp/x?secret={S32}&period=0",
        f"otpauth://totp/x?secret={S32}&period=-30",
        f"otpauth://totp/x?secret={S32}&period=30.5",
        f"otpauth://totp/x?secret={S32}&period=\u0663\u0660",
        f"otpauth://totp/x?secret={S32}&period={'9' * 5000}",
        f"otpauth://totp/x?secret={S32}&algorithm=MD5",
        f"otpauth://totp/x?secret={S32}&issuer=a&issuer=b",
        f"otpauth://totp/x?secret={S32}&issuer=a&Issuer=b",
        f"steam://{S32}",
        f"steam://x?secret={S32}",
        f"otpauth-migration://offline?data={S32}",
        "secret=",
        "secret=!!!",
        f"nosecret={S32}",
        "A" * 5000,
    ],
)
def test_what_would_give_wrong_codes_is_refused_by_name_and_not_quoted(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        normalized(Secret(text))
    assert (raised.value.field, raised.value.code) == ("totp", INVALID)
    assert text not in str(raised.value)
    assert S32 not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_an_absent_key_has_a_code_of_its_own(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        normalized(Secret(text))
    assert raised.value.code == REQUIRED


@pytest.mark.parametrize(("text", "weak"), [("JBSWY3DPEHPK3PXP", False), ("JBSWY3DPEHPK3", True), ("GE", True)])
def test_keys_under_eighty_bits_are_marked(text: str, weak: bool) -> None:
    assert parsed(Secret(text)).weak is weak


@given(st.text() | st.from_regex(r"otpauth://[a-z]{0,5}/\w?\?(secret|digits|period|issuer)=\w{0,9}", fullmatch=True))
def test_any_text_is_a_key_or_one_named_failure(text: str) -> None:
    found: TotpKey | str | None
    try:
        found = parsed(Secret(text))
    except Invalid as refused:
        found = refused.code
    assert found in {INVALID, REQUIRED} if isinstance(found, str) else found is not None and found.digits in {6, 7, 8}
