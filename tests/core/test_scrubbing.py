import base64
import html
import json
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.scrubbing import Scrubber, Sent
from strongroom.core.secret import Secret

NAME = "srp_0123456789ABCDEFGHIJKLMNOPQRSTUV"
SECRET = 'k3y/with+all "kinds" of <signs> & \\ é ~*\'%'

secrets = st.text(min_size=8, max_size=24)


def go_json(text: str) -> str:
    """What Go's encoding/json writes."""
    escapes = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
    return json.dumps(text, ensure_ascii=False).translate(escapes)[1:-1]


def dotnet_json(text: str) -> str:
    """What .NET's System.Text.Json writes for text without short escapes but these."""
    short = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    plain = set(string.ascii_letters + string.digits + " !#$%()*,-./:;=?@[]^_{|}~")

    def written(char: str) -> str:
        if char in plain:
            return char
        units = char.encode("utf-16-be")
        return short.get(char) or "".join(
            f"\\u{int.from_bytes(units[place : place + 2]):04X}" for place in range(0, len(units), 2)
        )

    return "".join(map(written, text))


def every_unit(text: str) -> str:
    """What RFC 8259 section 7 allows for any character, and nobody forbids for all."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[place : place + 2]):04x}" for place in range(0, len(units), 2))


def escaped_for_html(text: str, chars: str, digits: str = "x", *, ascii_only: bool = True) -> str:
    """What JSON encoders write that mean it to stand in a page."""
    table = {ord(char): f"\\u{ord(char):04{digits}}" for char in chars if char != '"'}
    escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
    return (escaped.replace('\\"', "\\u0022") if '"' in chars else escaped).translate(table)


ENCODERS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON in ASCII": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON of Go": go_json,
    "JSON of .NET": dotnet_json,
    "JSON of Gson": lambda text: escaped_for_html(text, "<>&='\u2028\u2029", ascii_only=False),
    "JSON of Flask": lambda text: escaped_for_html(text, "<>&'"),
    "JSON of Laravel": lambda text: escaped_for_html(text, "<>&'\"", "X").replace("/", "\\/"),
    "JSON with escapes in upper case": lambda text: re.sub(
        r"\\(?:u([0-9a-f]{4})|.)",
        lambda found: f"\\u{found[1].upper()}" if found[1] else found[0],
        json.dumps(text)[1:-1],
    ),
    "JSON in escapes alone": every_unit,
    "JSON in escapes alone, in upper case": lambda text: every_unit(text).upper().replace("\\U", "\\u"),
    "a literal of Python": lambda text: repr(text)[1:-1],
    "bytes of Python": lambda text: repr(text.encode())[2:-1],
    "a string within a literal of Python": lambda text: repr(f"{text} '\"")[1:-4].removesuffix(" "),
    "HTML": html.escape,
    "HTML with decimal quotes": lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "HTML without quotes": lambda text: html.escape(text, quote=False),
    "XML": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    "percent": lambda text: quote(text, safe=""),
    "percent but slashes": quote,
    "percent of JavaScript": lambda text: quote(text, safe="!'()*"),
    "percent of a whole URL in JavaScript": lambda text: quote(text, safe=";,/?:@&=+$#!'()*"),
    "percent of a query by the URL Standard": lambda text: quote(text, safe="!$%&()*+,/:;=?@[\\]^`{|}"),
    "percent of a path by the URL Standard": lambda text: quote(text, safe="!$%&'()*+,/:;=@[\\]^|"),
    "percent of a path by browsers": lambda text: quote(text.replace("\\", "/"), safe="!$%&'()*+,/:;=@[]^|"),
    "percent of escape() in JavaScript": lambda text: quote(text, safe="@*+/").replace("~", "%7E"),
    "percent of Java": lambda text: quote_plus(text, safe="*").replace("~", "%7E"),
    "form": quote_plus,
    "percent in lower case": lambda text: "".join(
        char if char in string.ascii_letters + string.digits + "_.-~" else "".join(f"%{b:02x}" for b in char.encode())
        for char in text
    ),
    "percent of every byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON inside JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "JSON in UTF-8 inside JSON": lambda text: json.dumps(json.dumps(text, ensure_ascii=False))[3:-3],
    "JSON in a URL": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "JSON in a form": lambda text: quote_plus(json.dumps(text)[1:-1]),
    "a URL inside JSON": lambda text: json.dumps(quote(text, safe=""))[1:-1],
    "JSON in a literal of Python": lambda text: repr(json.dumps(text)[1:-1].encode())[2:-1],
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
}


def scrubber(secret: str = SECRET) -> Scrubber:
    return Scrubber([(Secret(secret), NAME)])


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_a_secret_becomes_its_placeholder_in_every_form(encoder: Callable[[str], str]) -> None:
    said = f"you sent [{encoder(SECRET)}], twice: [{encoder(SECRET)}]".encode()
    assert scrubber().clean(said) == f"you sent [{NAME}], twice: [{NAME}]".encode()


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@given(secret=secrets)
def test_no_form_of_any_secret_is_left(encoder: Callable[[str], str], secret: str) -> None:
    said = f"\x01{encoder(secret)}\x02".encode()
    cleaned = scrubber(secret).clean(said)
    assert encoder(secret).encode() not in cleaned
    assert NAME.encode() in cleaned
    assert scrubber(secret).concerns(said)


@given(secrets)
def test_a_json_reply_stays_json_with_the_placeholder_in_it(secret: str) -> None:
    for dumps in (json.dumps, lambda value: json.dumps(value, ensure_ascii=False)):
        cleaned = scrubber(secret).clean(dumps([secret, 1]).encode())
        name, other = json.loads(cleaned)
        assert (name.strip(), other) == (NAME, 1)


@given(
    st.binary(max_size=7).map(lambda raw: bytes(byte % 32 for byte in raw)),
    # Characters are not repeated: a secret of one and the same is found a digit or two aside.
    st.lists(st.sampled_from(string.ascii_letters + string.digits + "-._~+/"), min_size=12, max_size=40, unique=True),
    st.binary(max_size=7).map(lambda raw: bytes(byte % 32 for byte in raw)),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_at_each_base64_alignment_at_most_a_few_bits_are_left(
    before: bytes, characters: list[str], after: bytes, encode: Callable[[bytes], bytes]
) -> None:
    secret = "".join(characters)
    said = encode(before + secret.encode() + after)
    cleaned = scrubber(secret).clean(said)
    head, found, tail = cleaned.partition(NAME.encode())
    assert found
    # Only digits that mix with a neighbour's bits, or stand at the very end, may be left of the secret's own.
    assert len(head) <= -(-len(before) * 8 // 6)
    assert len(tail.rstrip(b"=")) <= -(-(len(after) * 8 + 4) // 6)
    assert said.startswith(head)
    assert said.endswith(tail)


def test_an_echoed_basic_header_shows_the_user_and_not_the_password() -> None:
    for user in ("a", "ab", "abc", "abcd"):
        said = base64.b64encode(f"{user}:{SECRET}".encode())
        cleaned = scrubber().clean(b"Basic " + said)
        assert NAME.encode() in cleaned
        assert len(cleaned.replace(NAME.encode(), b"").removeprefix(b"Basic ")) <= (len(user) + 1) * 8 // 6 + 4


@given(secrets, st.lists(st.integers(0, 400), max_size=5), st.sampled_from(sorted(ENCODERS)))
def test_a_reply_cut_anywhere_is_cleaned_alike(secret: str, cuts: list[int], form: str) -> None:
    said = f"<{ENCODERS[form](secret)}> {base64.b64encode(secret.encode()).decode()} {secret[:5]}".encode()
    places = [0, *sorted(cut % (len(said) + 1) for cut in cuts), len(said)]
    stream = scrubber(secret).stream()
    pieces = [said[start:end] for start, end in zip(places, places[1:], strict=False)]  # noqa: RUF007 - reads as it cuts
    assert b"".join(map(stream.feed, pieces)) + stream.finish() == scrubber(secret).clean(said)


@pytest.mark.parametrize(
    "outer",
    [
        lambda digits: quote(digits, safe=""),
        lambda digits: quote(digits, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        lambda digits: digits.replace("/", "\\/"),
        lambda digits: digits.replace("+", "\\u002B"),
    ],
    ids=["percent", "percent in lower case", "JSON of PHP", "JSON of .NET"],
)
def test_base64_that_is_escaped_in_its_turn_is_found(outer: Callable[[str], str]) -> None:
    secret = "~~>>??~~>>??~~>>??"
    digits = base64.b64encode(f"me:{secret}".encode()).decode()
    assert {"+", "/"} <= set(digits)
    assert NAME.encode() in scrubber(secret).clean(outer(digits).encode())


@pytest.mark.parametrize(
    ("secret", "received"),
    [
        ("  hush-7-really ", "hush-7-really"),
        ("hush-7-r\u00e9ally", "hush-7-r\u00c3\u00a9ally"),  # read as ISO 8859-1, as HTTP's fields were once
        ("-----KEY-----\nhush\nreally\n", "-----KEY-----\r\nhush\r\nreally\r\n"),
        ("-----KEY-----\r\nhush\r\nreally\r\n", "-----KEY-----\nhush\nreally\n"),
    ],
)
@pytest.mark.parametrize("encoder", [str, json.dumps, quote], ids=["raw", "JSON", "percent"])
def test_what_a_server_makes_of_a_secret_is_found_as_well(
    encoder: Callable[[str], str], secret: str, received: str
) -> None:
    for said in (received, secret):
        before, found, after = scrubber(secret).clean(f"<{encoder(said)}>".encode()).partition(NAME.encode())
        assert found
        assert len(before + after) <= len(f"<{encoder(said.replace(said.strip(), ''))}>")


def test_a_secret_is_found_in_a_reply_of_iso_8859_1() -> None:
    said = "<hush-7-r\u00e9ally>".encode("latin-1")
    assert scrubber("hush-7-r\u00e9ally").clean(said) == f"<{NAME}>".encode()
    assert scrubber("hush-7-r\u00e9ally").clean(quote(said).encode()) == f"%3C{NAME}%3E".encode()


def test_what_is_left_of_a_short_secret_without_its_blanks_is_no_secret() -> None:
    assert scrubber("        to").clean(b"to be or not to be") == b"to be or not to be"


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize(
    "inner", [json.dumps, lambda text: json.dumps(text, ensure_ascii=False), quote_plus], ids=["JSON", "UTF-8", "form"]
)
def test_base64_of_a_body_that_held_the_secret_shows_the_placeholder(inner: Callable[[str], str], shift: int) -> None:
    said = base64.b64encode(b"#" * shift + inner(SECRET).encode())
    for written in (said.decode(), quote(said, safe=""), said.decode().replace("/", "\\/")):
        assert NAME in scrubber().clean(written.encode()).decode()


def test_every_secret_becomes_its_own_placeholder() -> None:
    both = Scrubber([(Secret("first-secret"), "srp_FIRST"), (Secret("second-secret"), "srp_SECOND")])
    assert both.clean(b"first-secret second-secret") == b"srp_FIRST srp_SECOND"


def test_of_two_secrets_the_longer_one_wins() -> None:
    both = Scrubber([(Secret("abcdefgh"), "srp_SHORT"), (Secret("abcdefgh-ijkl"), "srp_LONG")])
    assert both.clean(b"abcdefgh abcdefgh-ijkl") == b"srp_SHORT srp_LONG"


@given(st.binary(max_size=60))
def test_a_reply_without_the_secret_is_not_touched(said: bytes) -> None:
    other = "a secret that is not in it"
    assert scrubber(other).clean(said) == said


def test_without_secrets_there_is_nothing_to_do() -> None:
    none = Scrubber([])
    assert not none
    assert not none.concerns(b"anything")
    assert none.clean(b"anything") == b"anything"


def test_a_scrubber_shows_nothing() -> None:
    assert repr(scrubber()) == "Scrubber(…)"


def test_secrets_noted_together_are_taken_out_like_those_noted_one_by_one() -> None:
    one, other = Sent(), Sent()
    pairs = [(Secret("first secret"), "srp_1"), (Secret("second secret"), "srp_2"), (Secret("first secret"), "srp_1")]
    for secret, marker in pairs:
        one.note(secret, marker)
    other.note(*pairs[0])
    other.note_all(pairs)
    said = b"first secret, second secret"
    assert one.scrubber.clean(said) == other.scrubber.clean(said) == b"srp_1, srp_2"


def test_what_is_known_is_not_prepared_again() -> None:
    sent = Sent()
    sent.note_all([(Secret("first secret"), "srp_1")])
    before = sent.scrubber
    sent.note_all([(Secret("first secret"), "srp_1")])
    assert sent.scrubber is before
    sent.note_all([(Secret("its successor"), "srp_1")])
    assert sent.scrubber.clean(b"first secret, its successor") == b"srp_1, srp_1"


def test_what_has_ended_is_let_go_unless_it_is_sent_all_the_same() -> None:
    sent, end = Sent(), datetime(2026, 1, 1, tzinfo=UTC)
    old, used, other = Secret("the-old-token"), Secret("a-token-in-use"), Secret("without-an-end")
    for secret in (old, used, other):
        sent.note(secret, "[gone]")
    sent.ends(old, end)
    sent.ends(used, end)
    sent.ends(other, None)
    sent.let_go(ended_by=end - timedelta(seconds=1), but_for=[])
    assert sent.scrubber.clean(b"the-old-token") == b"[gone]"
    sent.let_go(ended_by=end, but_for=[used])
    assert sent.scrubber.clean(b"the-old-token a-token-in-use without-an-end") == b"the-old-token [gone] [gone]"
    sent.let_go(ended_by=end, but_for=[])
    assert sent.scrubber.clean(b"a-token-in-use without-an-end") == b"a-token-in-use [gone]"
