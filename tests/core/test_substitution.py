import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.hosts import Host
from strongroom.core.ids import CredentialId, SessionId, VaultId
from strongroom.core.plans import Destination, Placement, Plan, Swap
from strongroom.core.secret import Secret
from strongroom.core.substitution import BodyEncoding, Substituter, body_encoding
from strongroom.core.surfaces import Surface

STAND_IN = "srp_0123456789ABCDEFGHIJKLMNOPQRSTUV"
OTHER = "srp_ZZZZ456789ABCDEFGHIJKLMNOPQRSTUV"
STRAY = "srp_STRAY56789ABCDEFGHIJKLMNOPQRSTUV"
ALL = frozenset(Surface)

texts = st.text(min_size=1, max_size=20)


class Following:
    """A substituter for one plan, with what it said of uses and strays."""

    def __init__(
        self,
        *secrets: tuple[str, str],
        surfaces: Iterable[Surface] = ALL,
        placements: tuple[Placement, ...] = (),
    ) -> None:
        self.used: list[str] = []
        self.strayed: list[tuple[str, Surface]] = []
        plan = Plan(
            session=SessionId("sesn_1"),
            destination=Destination("https", Host("api.example.com"), 443),
            expires_at=datetime(2026, 1, 1, tzinfo=UTC),
            swaps=tuple(
                Swap(
                    placeholder=placeholder,
                    secret=Secret(secret),
                    surfaces=frozenset(surfaces),
                    credential=CredentialId(f"vcrd_{number}"),
                    vault=VaultId("vlt_1"),
                )
                for number, (placeholder, secret) in enumerate(secrets)
            ),
            strays={STRAY: CredentialId("vcrd_stray")},
            placements=placements,
        )
        self.substituter = Substituter(
            plan,
            used=lambda used: self.used.append(used.credential),
            strayed=lambda placeholder, surface: self.strayed.append((placeholder, surface)),
        )

    def body(self, encoding: BodyEncoding, *pieces: bytes) -> bytes:
        stream = self.substituter.body(encoding)
        return b"".join(map(stream.feed, pieces)) + stream.finish()


def basic(user_and_password: bytes) -> bytes:
    return b"Basic " + base64.b64encode(user_and_password)


# --- headers -----------------------------------------------------------------------------------


def test_a_header_value_gets_the_secret_wherever_the_placeholder_stands() -> None:
    follow = Following((STAND_IN, "s3cret"), (OTHER, "0ther"))
    value = f"Bearer {STAND_IN}, {OTHER};x={STAND_IN}".encode()
    assert follow.substituter.header_value(value) == b"Bearer s3cret, 0ther;x=s3cret"
    assert follow.used == ["vcrd_0", "vcrd_1", "vcrd_0"]


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\r\n"])
def test_a_secret_that_would_split_a_header_never_enters_one(bad: str) -> None:
    follow = Following((STAND_IN, f"a{bad}X-Evil: 1"))
    assert follow.substituter.header_value(STAND_IN.encode()) == STAND_IN.encode()
    assert follow.substituter.basic(basic(f"u:{STAND_IN}".encode())) == basic(f"u:{STAND_IN}".encode())
    assert follow.used == []
    assert follow.body(BodyEncoding.RAW, STAND_IN.encode()) == f"a{bad}X-Evil: 1".encode()


@given(st.binary(max_size=30), st.binary(max_size=30), texts)
def test_user_and_password_of_basic_authorization_are_decoded_and_replaced(
    before: bytes, after: bytes, secret: str
) -> None:
    if set(secret) & set("\r\n\0") or STAND_IN.encode() in before + after:
        return
    follow = Following((STAND_IN, secret))
    sent = follow.substituter.basic(basic(before + STAND_IN.encode() + after))
    assert sent == basic(before + secret.encode() + after)


@pytest.mark.parametrize("scheme", [b"Basic", b"basic", b"BASIC"])
@pytest.mark.parametrize("padding", [True, False])
def test_basic_is_read_in_any_case_and_without_padding(scheme: bytes, padding: bool) -> None:
    for user in ("", "u", "us", "use"):
        encoded = base64.b64encode(f"{user}:{STAND_IN}".encode())
        value = scheme + b" " + (encoded if padding else encoded.rstrip(b"="))
        sent = Following((STAND_IN, "pw")).substituter.basic(value)
        assert sent == scheme + b" " + base64.b64encode(f"{user}:pw".encode())


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: b"Basic " + rest))
def test_a_value_without_a_placeholder_is_not_touched_by_a_byte(value: bytes) -> None:
    follow = Following((STAND_IN, "s3cret"))
    assert follow.substituter.basic(value) == value
    assert follow.substituter.header_value(value) == value


@pytest.mark.parametrize("scheme", [b"Bearer", b"Basics", b"Basic:"])
def test_other_schemes_are_not_decoded(scheme: bytes) -> None:
    value = scheme + b" " + base64.b64encode(f"u:{STAND_IN}".encode())
    assert Following((STAND_IN, "pw")).substituter.basic(value) == value


# --- bodies ------------------------------------------------------------------------------------


@given(texts, texts, st.lists(st.integers(0, 300), max_size=5))
def test_a_json_body_reads_back_with_the_secret_in_it(secret: str, around: str, cuts: list[int]) -> None:
    follow = Following((STAND_IN, secret))
    body = json.dumps({"key": [around + STAND_IN, STAND_IN], STAND_IN: around}).encode()
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in zip(places, places[1:], strict=False)]  # noqa: RUF007 - reads as it cuts
    sent = follow.body(BodyEncoding.JSON, *pieces)
    assert json.loads(sent) == {"key": [around + secret, secret], secret: around}
    assert follow.used == ["vcrd_0"] * 3


@given(texts, texts)
def test_a_form_reads_back_with_the_secret_in_it(secret: str, around: str) -> None:
    body = urlencode({"a": STAND_IN, "b": around + STAND_IN, "c": around}).encode()
    sent = Following((STAND_IN, secret)).body(BodyEncoding.FORM, body)
    assert parse_qs(sent.decode(), keep_blank_values=True) == {"a": [secret], "b": [around + secret], "c": [around]}


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=20))
def test_an_xml_body_reads_back_with_the_secret_in_it(secret: str) -> None:
    body = f"<a b='{STAND_IN}' c=\"{STAND_IN}\">{STAND_IN}</a>".encode()
    root = ET.fromstring(Following((STAND_IN, secret)).body(BodyEncoding.XML, body))  # noqa: S314 - our own text
    assert (root.get("b"), root.get("c"), root.text) == (secret, secret, secret)


def test_a_raw_body_gets_the_secret_as_it_is_at_every_cut() -> None:
    body = f"--{STAND_IN}\r\n\x00{OTHER}{STAND_IN}".encode()
    for cut in range(len(body) + 1):
        follow = Following((STAND_IN, 'a"\n&é'), (OTHER, ""))
        assert follow.body(BodyEncoding.RAW, body[:cut], body[cut:]) == '--a"\n&é\r\n\x00a"\n&é'.encode()


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_a_body_without_a_placeholder_passes_unchanged(pieces: list[bytes]) -> None:
    for encoding in BodyEncoding:
        assert Following((STAND_IN, "s3cret")).body(encoding, *pieces) == b"".join(pieces)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (b"application/json", BodyEncoding.JSON),
        (b"Application/JSON; charset=utf-8", BodyEncoding.JSON),
        (b"application/vnd.api+json", BodyEncoding.JSON),
        (b"application/x-ndjson", BodyEncoding.JSON),
        (b"application/jsonl", BodyEncoding.JSON),
        (b"text/json", BodyEncoding.JSON),
        (b"application/x-www-form-urlencoded", BodyEncoding.FORM),
        (b"application/x-www-form-urlencoded;charset=utf-8", BodyEncoding.FORM),
        (b"text/xml", BodyEncoding.XML),
        (b"application/soap+xml; action=x", BodyEncoding.XML),
        (b"text/plain", BodyEncoding.RAW),
        (b"multipart/form-data; boundary=json", BodyEncoding.RAW),
        (b"application/jsonish", BodyEncoding.RAW),
        (b"", BodyEncoding.RAW),
    ],
)
def test_the_escaping_follows_from_the_content_type(content_type: bytes, encoding: BodyEncoding) -> None:
    assert body_encoding(content_type) is encoding


# --- targets -----------------------------------------------------------------------------------


@given(texts)
def test_path_and_query_get_the_secret_percent_encoded(secret: str) -> None:
    follow = Following((STAND_IN, secret))
    target = follow.substituter.target(f"/v1/{STAND_IN}/x?key={STAND_IN}&y=1".encode()).decode()
    parts = urlsplit(f"https://api.example.com{target}")
    assert unquote(parts.path) == f"/v1/{secret}/x"
    assert parse_qsl(parts.query) == [("key", secret), ("y", "1")]
    assert parts.path == f"/v1/{quote(secret, safe='')}/x"


def test_path_and_query_are_left_alone_where_they_are_no_surface() -> None:
    follow = Following((STAND_IN, "s3cret"), surfaces=[Surface.HEADER, Surface.BODY])
    target = f"/v1/{STAND_IN}?key={STAND_IN}".encode()
    assert follow.substituter.target(target) == target
    assert follow.strayed == [(STAND_IN, Surface.PATH), (STAND_IN, Surface.QUERY)]


# --- what may not happen -----------------------------------------------------------------------


def test_what_was_put_in_is_never_searched_again() -> None:
    follow = Following((STAND_IN, f"x{OTHER}{STRAY}"), (OTHER, "other secret"))
    inner = f"x{OTHER}{STRAY}".encode()
    assert follow.substituter.header_value(STAND_IN.encode()) == inner
    assert follow.body(BodyEncoding.RAW, STAND_IN[:9].encode(), STAND_IN[9:].encode()) == inner
    assert follow.substituter.basic(basic(STAND_IN.encode())) == basic(inner)
    assert follow.used == ["vcrd_0"] * 3
    assert follow.strayed == []


@pytest.mark.parametrize("surface", [Surface.HEADER, Surface.BODY])
def test_a_placeholder_on_a_surface_it_does_not_belong_to_goes_out_as_it_is_and_is_reported(surface: Surface) -> None:
    follow = Following((STAND_IN, "s3cret"), surfaces=ALL - {surface})
    sent = {
        Surface.HEADER: lambda: follow.substituter.header_value(STAND_IN.encode()),
        Surface.BODY: lambda: follow.body(BodyEncoding.JSON, STAND_IN.encode()),
    }[surface]()
    assert sent == STAND_IN.encode()
    assert (follow.used, follow.strayed) == ([], [(STAND_IN, surface)])


def test_a_placeholder_that_does_not_belong_to_the_host_goes_out_as_it_is_and_is_reported() -> None:
    follow = Following((STAND_IN, "s3cret"))
    assert follow.substituter.header_value(f"{STRAY} {STAND_IN}".encode()) == f"{STRAY} s3cret".encode()
    assert follow.body(BodyEncoding.RAW, STRAY.encode()) == STRAY.encode()
    assert follow.substituter.basic(basic(STRAY.encode())) == basic(STRAY.encode())
    assert follow.strayed == [(STRAY, Surface.HEADER), (STRAY, Surface.BODY), (STRAY, Surface.HEADER)]


def test_another_spelling_of_a_placeholder_is_worth_nothing() -> None:
    follow = Following((STAND_IN, "s3cret"))
    for spelling in (STAND_IN.lower(), STAND_IN.upper(), STAND_IN[:-1], "x" + STAND_IN[1:]):
        assert follow.substituter.header_value(spelling.encode()) == spelling.encode()


@given(st.binary(max_size=20), st.sampled_from([STAND_IN, STRAY]), st.binary(max_size=20))
def test_concerns_is_never_wrongly_no(before: bytes, placeholder: str, after: bytes) -> None:
    assert Following((STAND_IN, "s3cret")).substituter.concerns(before + placeholder.encode() + after)


# --- placements --------------------------------------------------------------------------------


def placement(secret: str = "t0ken") -> Placement:
    return Placement(
        target="/mcp",
        header="authorization",
        scheme="Bearer",
        secret=Secret(secret),
        marker="[redacted]",
        credential=CredentialId("vcrd_mcp"),
        vault=VaultId("vlt_1"),
    )


@pytest.mark.parametrize("target", ["/mcp", "/mcp/"])
def test_a_request_to_the_server_gets_its_bearer_header(target: str) -> None:
    follow = Following(placements=(placement(),))
    assert follow.substituter.placed(target) == ("authorization", b"Bearer t0ken")
    assert follow.used == ["vcrd_mcp"]


@pytest.mark.parametrize("target", ["/", "/MCP", "/mcp/x", "/mcp//", "/mcp?x=1", "/x/../mcp", "/%6dcp"])
def test_a_request_to_another_target_gets_none(target: str) -> None:
    follow = Following(placements=(placement(),))
    assert follow.substituter.placed(target) is None
    assert follow.used == []


def test_a_reserved_token_is_for_whoever_looks_into_messages_and_for_nobody_else() -> None:
    follow = Following(placements=(replace(placement(), reserved=True),))
    assert follow.substituter.placed("/mcp") is None
    assert follow.used == []
    assert follow.substituter.placed("/mcp", reserved=True) == ("authorization", b"Bearer t0ken")


@pytest.mark.parametrize("bad", ["\r", "\n", "\0"])
def test_a_token_that_would_split_the_header_is_not_placed(bad: str) -> None:
    assert Following(placements=(placement(f"a{bad}b"),)).substituter.placed("/mcp") is None
